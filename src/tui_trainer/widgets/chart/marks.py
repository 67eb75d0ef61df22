"""What happened in a run at a step, written into a chart: a rule with its label, or a sign."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tui_trainer.reports.alerts import name_of
from tui_trainer.widgets.chart.canvas import DOTS_ACROSS, FRAME, Canvas
from tui_trainer.words.numbers import counted, learning_rate
from tui_trainer.words.signs import WARNING

RULE = "┊"
CHECKPOINT = "□"
MARK = "mark"


@dataclass(frozen=True)
class LrMark:
    """The first step made with another learning rate."""

    step: int
    lr: float

    @property
    def label(self) -> str:
        return f"step {self.step:,}: lr {learning_rate(self.lr)}"


@dataclass(frozen=True)
class OverlaidLrMark:
    """Where one of several runs was given another learning rate, over whatever the axis is."""

    step: float
    """The place on the axis."""
    lr: float
    letter: str = ""

    @property
    def label(self) -> str:
        return f"{self.letter} lr {learning_rate(self.lr)}".strip()


@dataclass(frozen=True)
class WeightsMark:
    """The first step made after the weights were changed on Step."""

    step: int
    updates: int
    """Those that count: what was undone is left out."""

    @property
    def label(self) -> str:
        return f"step {self.step:,}: {counted(self.updates, 'update')} on Step before"


@dataclass(frozen=True)
class AlertMark:
    """A step that alarmed."""

    step: int
    kinds: tuple[str, ...]
    """One of a later version is told as it is."""

    @property
    def label(self) -> str:
        return f"step {self.step:,}: {WARNING.mark} {', '.join(map(name_of, self.kinds))}"


@dataclass(frozen=True)
class OverlaidAlertMark:
    """Where one of several runs alarmed, over whatever the axis is."""

    step: float
    """The place on the axis."""
    kinds: tuple[str, ...]
    letter: str = ""

    @property
    def label(self) -> str:
        return f"{self.letter} {WARNING.mark} {', '.join(map(name_of, self.kinds))}".strip()


@dataclass(frozen=True)
class CheckpointMark:
    """The step whose weights a checkpoint has: a sign on the axis, since there may be many."""

    step: int


Ruled = LrMark | OverlaidLrMark | WeightsMark | AlertMark | OverlaidAlertMark
Mark = Ruled | CheckpointMark


class Plot(NamedTuple):
    """Where the steps lie: `low` in the column `left`, `high` in the column `right`."""

    low: float
    high: float
    left: int
    right: int

    def column(self, step: float) -> int:
        """The one with the dot of a curve there: a point, a mark and the crosshair are on it."""
        share = (step - self.low) / (self.high - self.low)
        dots = DOTS_ACROSS * (self.right - self.left + 1)
        return self.left + round(share * (dots - 1)) // DOTS_ACROSS

    def place(self, column: int) -> float:
        """The step in a column; beyond the plot that of its end."""
        share = (column - self.left) / max(1, self.right - self.left)
        return self.low + max(0.0, min(share, 1.0)) * (self.high - self.low)

    def has(self, step: float) -> bool:
        return self.low <= step <= self.high


def write_rules(canvas: Canvas, marks: Sequence[Mark], plot: Plot, rows: range) -> None:
    """A rule at each change, behind the curves, and its label beside it.

    Of several in one column the last is told. A label takes only a place that is free; the newest
    ones are written first.
    """
    ruled = [mark for mark in marks if isinstance(mark, Ruled) and plot.has(mark.step)]
    last = {plot.column(mark.step): mark for mark in ruled}
    for column in last:
        for row in rows:
            if canvas.cells[row][column] == " ":
                canvas.put(column, row, RULE, MARK)
    for column, mark in sorted(last.items(), reverse=True):
        _write(canvas, column, mark.label, plot, rows)


def _write(canvas: Canvas, column: int, label: str, plot: Plot, rows: range) -> None:
    for start, row in _places(column, len(label), plot, rows):
        if all(cell in (" ", RULE) for cell in canvas.cells[row][start : start + len(label)]):
            canvas.put(start, row, label, MARK)
            return


def _places(column: int, length: int, plot: Plot, rows: range) -> Iterator[tuple[int, int]]:
    """To the right of the rule, or to its left where that is beyond the chart; top row first."""
    for start in (column + 1, column - length):
        if start >= plot.left and start + length <= plot.right + 1:
            yield from ((start, row) for row in rows)


def write_checkpoints(canvas: Canvas, marks: Sequence[Mark], plot: Plot, row: int) -> None:
    """A sign on the axis at each, where a cell of the axis is."""
    for mark in marks:
        if isinstance(mark, CheckpointMark) and plot.has(mark.step):
            column = plot.column(mark.step)
            if canvas.inks[row][column] == FRAME:
                canvas.put(column, row, CHECKPOINT, MARK)
