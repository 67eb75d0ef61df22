"""A row of a batch as a bar: `▌item 8    ▐▌item 13▐▌pad▐`, each part as wide as its tokens."""

from collections.abc import Sequence
from itertools import accumulate, pairwise

from tui_trainer.reports.steps import RowPart, StepReport
from tui_trainer.widgets.cell_text import first_fitting
from tui_trainer.words.numbers import percent

OPEN, CLOSE = "▌", "▐"
PADDING = "pad"


def row_bar(parts: Sequence[RowPart], width: int) -> str:
    """At most `width` cells; a separator, one token between two items, is the edge alone."""
    last = len(parts) - 1
    drawn = [
        part
        for n, part in enumerate(parts)
        if part.problem is not None or part.tokens > 1 or n in (0, last)
    ]
    total = sum(part.tokens for part in drawn)
    ends = [round(width * reached / total) for reached in accumulate(part.tokens for part in drawn)]
    cells = [end - start for start, end in pairwise((0, *ends))]
    return "".join(_block(part, cell) for part, cell in zip(drawn, cells, strict=True))


def _block(part: RowPart, cells: int) -> str:
    if cells < 2:
        return OPEN * cells
    room = cells - 2
    names = (PADDING,) if part.problem is None else (f"item {part.problem}", f"{part.problem}")
    name = first_fitting((*names, ""), room)
    return f"{OPEN}{name:^{room}}{CLOSE}"


def describe_use(report: StepReport) -> str:
    """How much of a step's rows is text: `63% useful, 37% padding`."""
    useful = report.tokens / report.positions if report.positions else 1.0
    return f"{percent(useful)} useful, {percent(1 - useful)} padding"


def describe_row(report: StepReport, width: int) -> str:
    """The share of padding in a step and its first row; "" where a step is one item alone."""
    if report.tokens == report.positions and len(report.row) < 2:
        return ""
    words = f"{describe_use(report)}  "
    return words + row_bar(report.row, max(0, width - len(words)))
