"""Where a learning rate or the weights were changed, written into the lines of a finished chart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tui_trainer.words.numbers import counted

RULE = "┊"


@dataclass(frozen=True)
class LrMark:
    """The first step made with another learning rate."""

    step: int
    lr: float

    @property
    def label(self) -> str:
        return f"step {self.step:,}: lr {self.lr:g}"


@dataclass(frozen=True)
class WeightsMark:
    """The first step made after the weights were changed on Step."""

    step: int
    updates: int
    """Those that count: what was undone is left out."""

    @property
    def label(self) -> str:
        return f"step {self.step:,}: {counted(self.updates, 'update')} on Step before"


Mark = LrMark | WeightsMark


class Plot(NamedTuple):
    """Where the steps lie: `low` in the column `left`, `high` in the column `right`."""

    low: float
    high: float
    left: int
    right: int

    def column(self, step: float) -> int:
        share = (step - self.low) / (self.high - self.low)
        return self.left + round(share * (self.right - self.left))


def with_marks(lines: list[str], changes: Sequence[Mark], plot: Plot) -> list[str]:
    """The lines with a rule at each change, behind the curves, and its label beside it.

    Of several in one column the last is told. A label takes only a place that is free; the newest
    ones are written first.
    """
    last = {plot.column(c.step): c for c in changes if plot.low <= c.step <= plot.high}
    rows = [list(line.ljust(plot.right + 1)) for line in lines]
    for column in last:
        for row in rows:
            if row[column] == " ":
                row[column] = RULE
    for column, change in sorted(last.items(), reverse=True):
        _write(rows, column, change.label, plot)
    return ["".join(row) for row in rows]


def _write(rows: list[list[str]], column: int, label: str, plot: Plot) -> None:
    for start, row in _places(rows, column, len(label), plot):
        if all(cell in (" ", RULE) for cell in row[start : start + len(label)]):
            row[start : start + len(label)] = label
            return


def _places(
    rows: list[list[str]], column: int, length: int, plot: Plot
) -> Iterator[tuple[int, list[str]]]:
    """To the right of the rule, or to its left where that is beyond the chart; top row first."""
    for start in (column + 1, column - length):
        if start >= plot.left and start + length <= plot.right + 1:
            yield from ((start, row) for row in rows)
