"""Numbers by layer and step: a line a layer, a cell a step or some, on a ramp of five."""

import math
from bisect import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.widgets import Static

from tui_trainer.runs.layer_history import Column, LayerHistory
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.token_losses import Ramp, ramp

MARKS = "·", "░", "▒", "▓", "█"
"""From the smallest to the largest: what a colour says, said without it."""
NOTHING = " "
NAME, NUMBER = 14, 9
"""Cells of a layer's name, and of the number at the cursor beside its line."""
SPREAD = 4
"""From the smallest to the largest as a ratio, from which on the steps of the ramp are ratios."""


@dataclass(frozen=True)
class Place:
    """Where the cursor is: a layer, and a column counted from the last one."""

    layer: int = 0
    back: int = 0


class HeatMap(Static):
    """As many layers as there is room for, those around the cursor; all steps there were."""

    DEFAULT_CSS = "HeatMap { height: 1fr; text-wrap: nowrap; }"

    def show(
        self, history: LayerHistory, figure: int, place: Place, tell: Callable[[float], str]
    ) -> None:
        """`figure` is one of a column's; `tell` says a number of it."""
        size, styles = self.content_size, ramp(self.app)
        columns = self.columns_of(history)
        self.update(draw(history, columns, figure, place, tell, styles, size.height), layout=False)

    def columns_of(self, history: LayerHistory) -> list[Column]:
        """Those that there is room for."""
        return history.at_most(self.content_size.width - NAME - NUMBER - 2)


def draw(
    history: LayerHistory,
    columns: Sequence[Column],
    figure: int,
    place: Place,
    tell: Callable[[float], str],
    styles: Ramp,
    height: int,
) -> Content:
    """A head with the first and the last step, then so many lines that `height` is filled."""
    numbers = [column.figures[figure] for column in columns]
    limits = limits_of([n for column in numbers for n in column if n is not None])
    at = max(0, len(columns) - 1 - place.back)
    first = max(0, min(place.layer - height // 2, len(history.names) - height + 1))
    lines = [_head(columns)]
    for layer in range(first, min(len(history.names), first + height - 1)):
        cells = [_cell(column[layer], limits, styles) for column in numbers]
        if layer == place.layer and cells:
            cells[at] = (cells[at][0], "reverse bold")
        number = numbers[at][layer] if numbers else None
        name = visible(history.names[layer], limit=NAME)
        style = "bold" if layer == place.layer else ""
        told = "" if number is None else tell(number)
        lines.append(
            Content.assemble((f"{name:>{NAME}} ", style), *cells, (f" {told:>{NUMBER}}", style))
        )
    return Content("\n").join(lines)


def _head(columns: Sequence[Column]) -> Content:
    """The first step above its column, the last one above its own."""
    first, last = (f"{columns[0].first:,}", f"{columns[-1].last:,}") if columns else ("", "")
    between = " " * (len(columns) - len(first) - len(last))
    told = f"{first}{between or ' '}{last}" if len(columns) > 1 else first
    return Content.assemble((f"{'step':>{NAME}} {told}", "$context"))


def _cell(number: float | None, limits: Sequence[float], styles: Ramp) -> tuple[str, str]:
    if number is None:
        return NOTHING, ""
    level = bisect(limits, number)
    return MARKS[level], styles[level]


def limits_of(numbers: Sequence[float]) -> list[float]:
    """Where a step of the ramp ends, of five alike from the smallest number to the largest.

    They are ratios where the numbers differ by more than that: gradients of layers do.
    """
    finite = [number for number in numbers if math.isfinite(number)]
    if not finite:
        return []
    least, most = min(finite), max(finite)
    if least == most:
        return [math.inf] * (len(MARKS) - 1)
    positive = min((number for number in finite if number > 0), default=0.0)
    shares = [step / len(MARKS) for step in range(1, len(MARKS))]
    if positive and most / positive > SPREAD:
        return [positive * (most / positive) ** share for share in shares]
    return [least + (most - least) * share for share in shares]


def legend(numbers: Sequence[float], tell: Callable[[float], str], styles: Ramp) -> Content:
    """What each mark means."""
    limits = limits_of(numbers)
    if not limits or not math.isfinite(limits[0]):
        return Content("")
    names = *(f"<{tell(limit)}" for limit in limits), "more"
    steps = zip(MARKS, styles, names, strict=True)
    parts = (part for mark, style, name in steps for part in ((mark, style), f" {name}  "))
    return Content.assemble(*parts)
