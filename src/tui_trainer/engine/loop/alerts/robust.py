"""How far a number is above those before it, by their median and its spread; no torch."""

import math
from bisect import bisect_left, insort
from collections import deque
from typing import NamedTuple

WINDOW = 64
"""Steps: an item of the notebook's loop is one, and a dozen of those are no measure yet."""
DEVIATION = 1.4826
"""Times the median distance from the median: the standard deviation, where it is a normal one."""


class Score(NamedTuple):
    """Where a number stands among those before it."""

    deviations: float
    """Robust standard deviations above the median."""
    median: float


class Least(NamedTuple):
    """How far above the median a number is at least, however little the others differ."""

    times: float = 1.0
    more: float = 0.0


class RobustWindow:
    """The last numbers of a series: a few that are far out move neither median nor spread."""

    def __init__(self) -> None:
        self._numbers: deque[float] = deque()
        self._sorted: list[float] = []

    @property
    def is_full(self) -> bool:
        return len(self._numbers) == WINDOW

    def add(self, number: float) -> None:
        """Take in one more, where it is one."""
        if not math.isfinite(number):
            return
        if self.is_full:
            del self._sorted[bisect_left(self._sorted, self._numbers.popleft())]
        self._numbers.append(number)
        insort(self._sorted, number)

    def score(self, number: float, least: Least) -> Score | None:
        """Of a number that is at least that far above the median; None before there are enough.

        Most are not, and then nothing more is reckoned: this is done in every step.
        """
        if not self.is_full or not math.isfinite(number):
            return None
        median = _middle(self._sorted)
        if number <= least.times * median + least.more:
            return None
        spread = DEVIATION * _middle(sorted(abs(one - median) for one in self._numbers))
        return Score((number - median) / spread if spread else math.inf, median)


def _middle(ordered: list[float]) -> float:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
