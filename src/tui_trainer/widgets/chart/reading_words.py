"""What a crosshair reads, on a line: in full where there is room, else in fewer words."""

from collections.abc import Sequence

from textual.content import Content

from tui_trainer.widgets.cell_text import first_fitting
from tui_trainer.widgets.chart.canvas import RAW
from tui_trainer.widgets.chart.picture import Reading

GAP, MORE = "  ", "…"
EVERYTHING = 1_000_000  # cells: more than any line


def in_words(place: str, found: Sequence[Reading], room: int = EVERYTHING) -> Content:
    """The place and what every curve has there, in at most `room` cells.

    First the names of curves that have a letter are left out, then where a point was measured, then
    what lies behind an average; what still has no room is left out, and … stands for it.
    """
    smooth = [one for one in found if one.ink != RAW] or found
    forms = (
        [f"{one.name} {one.value}{one.where}".strip() for one in found],
        [f"{one.short} {one.value}{one.where}".strip() for one in found],
        [f"{one.short} {one.value}".strip() for one in found],
        [f"{one.short} {one.value}".strip() for one in smooth],
    )
    lines = [_line(place, values) for values in forms]
    least = [_line(place, [*forms[-1][:n], MORE]) for n in range(len(smooth) - 1, -1, -1)]
    return first_fitting((*lines, *least), room)


def _line(place: str, values: Sequence[str]) -> Content:
    return Content.assemble(place, *((f"{GAP}{value}", "bold") for value in values))
