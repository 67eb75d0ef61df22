"""What the steps of a run did to each layer, however many in bounded memory."""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

from tui_trainer.reports.layers import FIGURES, LayersReport
from tui_trainer.runs.loop_lines import shortened

MOST = 256
"""Columns of a whole run, and as many of its last looks: one for each cell of the widest terminal.
Of 30 layers they take 5 MB, of 100 some 15."""


class Cell(NamedTuple):
    """A number of one layer, and the step that it is of."""

    number: float
    step: int


Cells = tuple[Cell | None, ...]
"""One of each layer; None where there was no number, or none that is finite."""


@dataclass(frozen=True)
class Column:
    """Neighbouring looks taken together: of each figure the largest, so that no spike is lost."""

    first: int
    last: int
    """Steps."""
    looks: int
    figures: tuple[Cells, ...]
    """In the order of `FIGURES`."""


class LayerHistory:
    """All looks in columns of as many each, twice as many once there are too many columns; and the
    last looks one by one."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self._clear()

    def _clear(self) -> None:
        self._each = 1
        self._whole: list[Column] = []
        self._last: deque[Column] = deque(maxlen=MOST)

    def __bool__(self) -> bool:
        """Whether there was a look."""
        return bool(self._last)

    def hear(self, report: LayersReport) -> None:
        """One more look of a run that goes, in the digits that its file keeps."""
        figures = {
            figure: [_as_in_file(getattr(layer, figure)) for layer in report.layers]
            for figure in FIGURES
        }
        self.add(report.step, [layer.name for layer in report.layers], figures)

    def add(
        self, step: int, names: Sequence[str], figures: Mapping[str, Sequence[float | None]]
    ) -> None:
        """One more look; where the layers are others than before it is the first."""
        if self.names != tuple(names):
            self.names = tuple(names)
            self._clear()
        cells = (
            tuple(None if number is None else Cell(number, step) for number in figures[figure])
            for figure in FIGURES
        )
        column = Column(step, step, 1, tuple(cells))
        self._last.append(column)
        self._take_in(column)

    def _take_in(self, column: Column) -> None:
        if self._whole and self._whole[-1].looks < self._each:
            self._whole[-1] = together(self._whole[-1], column)
        else:
            self._whole.append(column)
        if len(self._whole) > MOST:
            self._whole = merged(self._whole, 2)
            self._each *= 2

    def whole(self, most: int) -> list[Column]:
        """At most so many columns: all looks there were."""
        return merged(self._whole, max(1, -(-len(self._whole) // max(1, most))))

    def last(self, most: int) -> list[Column]:
        """The last looks, at most so many and a column each."""
        return list(self._last)[-max(1, most) :]


def merged(columns: Sequence[Column], number: int) -> list[Column]:
    """Each `number` neighbours as one; the last may be of fewer."""
    starts = range(0, len(columns), number)
    return [reduce(together, columns[start : start + number]) for start in starts]


def together(before: Column, after: Column) -> Column:
    """Two neighbours as one."""
    pairs = zip(before.figures, after.figures, strict=True)
    figures = tuple(tuple(map(_larger, *pair)) for pair in pairs)
    return Column(before.first, after.last, before.looks + after.looks, figures)


def _larger(one: Cell | None, other: Cell | None) -> Cell | None:
    """Of two that are alike the first."""
    if one is None or other is None:
        return one or other
    return one if one.number >= other.number else other


def _as_in_file(number: float | None) -> float | None:
    return None if number is None or not math.isfinite(number) else shortened(number)
