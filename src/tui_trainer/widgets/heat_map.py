"""Numbers by layer and step: a line a layer, a cell a step or some, in five shades."""

from bisect import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.app import App
from textual.content import Content
from textual.widgets import Static

from tui_trainer.runs.layer_history import Cell, Column
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.token_losses import Ramp, has_many_colours

MARKS = "·", "░", "▒", "▓", "█"
"""From the least to the most: what a colour says, said without it."""
SHADES: Ramp = "$token-1", "$token-2", "$token-3", "$token-4", "$token-5"
PLAIN: Ramp = ("",) * 5
NOTHING = " "
NAME, NUMBER = 16, 8
"""Cells of a layer's name, and of the number at the cursor's step beside its line."""
AT_ROW, AT_COLUMN = "▸", "▾"
WIDEST = 4
"""Cells of a column, where there are few."""
SHARES = 0.2, 0.5, 0.8, 0.95
"""Of the numbers on show, which have less than where a shade ends."""

Tell = Callable[[float], str]


@dataclass(frozen=True)
class HeatMap:
    """What is drawn: columns of one figure, and where the cursor is."""

    names: Sequence[str]
    """Of the layers."""
    columns: Sequence[Column]
    figure: int
    """Its place in a column's."""
    layer: int
    at: int
    """The cursor's, both of them from 0."""
    tell: Tell
    """How a number is told in few cells."""
    exactly: Tell
    """In all its digits."""

    def cell(self, layer: int, column: int) -> Cell | None:
        return self.columns[column].figures[self.figure][layer]

    def limits(self) -> list[float]:
        """Where a shade ends."""
        cells = (cell for one in self.columns for cell in one.figures[self.figure])
        return limits_of([cell.number for cell in cells if cell is not None])

    def rows(self, height: int) -> range:
        """The layers that there is room for, the cursor's in the middle where it can be."""
        first = max(0, min(self.layer - height // 2, len(self.names) - height))
        return range(first, min(len(self.names), first + height))


class HeatMapView(Static):
    """As many layers as there is room for; below a line of the steps."""

    DEFAULT_CSS = """
    HeatMapView { height: 1fr; &.-drawn { text-wrap: nowrap; text-overflow: ellipsis; } }
    """

    def say(self, instead: str) -> None:
        """A sentence, where there is nothing to draw."""
        self.remove_class("-drawn")
        self.update(instead)

    def show(self, heat_map: HeatMap) -> None:
        self.add_class("-drawn")
        width, height = self.content_size
        self.update(draw(heat_map, width, height, shades(self.app)), layout=False)

    @property
    def most_columns(self) -> int:
        """How many there is room for."""
        return max(1, self.content_size.width - NAME - NUMBER - 3)


def shades(app: App[object]) -> Ramp:
    """The styles of the marks, by what the terminal and the theme can show."""
    return SHADES if has_many_colours(app) else PLAIN


def draw(heat_map: HeatMap, width: int, height: int, styles: Ramp) -> Content:
    """A line that names the first, the cursor's and the last step, then a line a layer."""
    room = max(1, width - NAME - NUMBER - 3)
    wide = max(1, min(WIDEST, room // max(1, len(heat_map.columns))))
    limits = heat_map.limits()
    lines = [_head(heat_map, wide)]
    for layer in heat_map.rows(height - 1):
        lines.append(_line(heat_map, layer, wide, limits, styles))
    return Content("\n").join(lines)


def _head(heat_map: HeatMap, wide: int) -> Content:
    """The cursor above its cell; the first and the last step, where it leaves them room."""
    first, last = f"{heat_map.columns[0].first:,}", f"{heat_map.columns[-1].last:,}"
    width, place = wide * len(heat_map.columns), wide * heat_map.at
    told = [" "] * width
    if len(first) <= place:
        told[: len(first)] = first
    if max(place, len(first)) < width - len(last):
        told[width - len(last) :] = last
    told[place] = AT_COLUMN
    return Content.assemble((f"{'step':>{NAME}}  {''.join(told)}", "$context"))


def _line(
    heat_map: HeatMap, layer: int, wide: int, limits: Sequence[float], styles: Ramp
) -> Content:
    cells = [
        _mark(heat_map.cell(layer, column), wide, limits, styles)
        for column in range(len(heat_map.columns))
    ]
    in_hand = layer == heat_map.layer
    if in_hand:
        cells[heat_map.at] = (cells[heat_map.at][0], "reverse bold")
    number, style = heat_map.cell(layer, heat_map.at), "bold" if in_hand else ""
    name = visible(heat_map.names[layer], limit=NAME - 1)
    told = "" if number is None else heat_map.tell(number.number)
    return Content.assemble(
        (f"{AT_ROW if in_hand else ' '}{name:>{NAME - 1}}  ", style),
        *cells,
        (f" {told:>{NUMBER}}", style),
    )


def _mark(cell: Cell | None, wide: int, limits: Sequence[float], styles: Ramp) -> tuple[str, str]:
    if cell is None:
        return NOTHING * wide, ""
    shade = bisect(limits, cell.number)
    return MARKS[shade] * wide, styles[shade]


def limits_of(numbers: Sequence[float]) -> list[float]:
    """Where a shade ends: the least fifth of the numbers has the first, a twentieth the last.

    By their order: one layer with far smaller gradients, or one spike, leaves the others shades.
    Those that are alike count once; nothing where all are.
    """
    ordered = sorted(set(numbers))
    return [ordered[int(share * len(ordered))] for share in SHARES] if len(ordered) > 1 else []


def legend(heat_map: HeatMap, styles: Ramp) -> Content:
    """What each mark means; nothing where no two numbers differ."""
    limits = heat_map.limits()
    if not limits:
        return Content("")
    told = [heat_map.tell(limit) for limit in limits]
    if len({*told}) < len({*limits}):  # two that differ read alike: 99.98% and 99.99%
        told = [heat_map.exactly(limit) for limit in limits]
    names = *(f"<{limit}" for limit in told), f"≥{told[-1]}"
    steps = zip(MARKS, styles, names, strict=True)
    parts = (part for mark, style, name in steps for part in ((mark, style), f" {name} "))
    return Content.assemble(*parts)
