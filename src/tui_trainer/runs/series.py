"""Numbers by step, however many in bounded memory, at each resolution that a chart may want."""

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import reduce
from typing import NamedTuple

HELD = 512
"""A level holds at least so many of its last buckets, and at most twice as many: two for each
column of dots of a chart on the widest of terminals. All levels of a series of a million steps are
half a megabyte."""
BUCKETS_AT_MOST = 2 * HELD
SMOOTHING = 0.95
SMOOTHED_STEPS = round(1 / (1 - SMOOTHING))
"""The last ones, which a moving average is mostly of."""
EVERYWHERE = -math.inf, math.inf


class Bucket(NamedTuple):
    """Consecutive steps taken together: their range, and the smoothed number at the last one."""

    first: float
    last: float
    lowest: float
    highest: float
    smoothed: float
    tokens: float = 0
    """How many tokens were trained on up to the last step, where that is known."""
    seconds: float = 0.0
    """The training time up to there."""

    @property
    def middle(self) -> float:
        return (self.first + self.last) / 2


FIELDS = len(Bucket._fields)


def together(before: Bucket, after: Bucket) -> Bucket:
    """The steps of two neighbours as one."""
    lowest, highest = min(before.lowest, after.lowest), max(before.highest, after.highest)
    return Bucket(before.first, after.last, lowest, highest, *after[4:])


class Level:
    """The last buckets of one resolution, oldest first, one after another in one array."""

    def __init__(self) -> None:
        self._numbers = array("d")
        self.made = 0
        """How many there were, those that are not held any more among them."""

    def __len__(self) -> int:
        return len(self._numbers) // FIELDS

    def __getitem__(self, place: int) -> Bucket:
        return Bucket(*self._numbers[FIELDS * place : FIELDS * (place + 1)])

    def append(self, bucket: Bucket) -> None:
        self._numbers.extend(bucket)
        self.made += 1
        if len(self._numbers) > FIELDS * BUCKETS_AT_MOST:
            del self._numbers[: FIELDS * HELD]

    def between(self, start: int, end: int) -> list[Bucket]:
        numbers = iter(self._numbers[FIELDS * start : FIELDS * end])
        return [Bucket(*one) for one in zip(*(numbers,) * FIELDS, strict=True)]

    def last_two(self) -> tuple[Bucket, Bucket]:
        numbers = self._numbers[-2 * FIELDS :]
        return Bucket(*numbers[:FIELDS]), Bucket(*numbers[FIELDS:])

    def firsts(self) -> Sequence[float]:
        """The first step of each."""
        return self._numbers[::FIELDS]

    def holds(self, step: float) -> bool:
        """Whether what is held goes back to that step, or to the first there was."""
        return self.made == len(self) or self._numbers[0] <= step


class Series:
    """A number a step. Every spike stays visible, since a bucket keeps its lowest and highest.

    A bucket of each level is two of the level below it, made when the second is there: a step
    costs about two buckets whatever came before, and a chart reads the level that has about as
    many buckets in its part of the axis as there is room for.

    The smoothed number is an exponential moving average with Adam's bias correction (Kingma and
    Ba 2015): without it the first values would be drawn towards zero. Numbers that are not finite
    are counted and left out of the curves.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._levels: list[Level] = []
        self._average = 0.0
        self._weight = 0.0
        self._length = 0
        self.first: float | None = None
        self.last: float | None = None
        self.best: float | None = None
        """The lowest."""
        self.not_finite = 0
        """How many were NaN or infinite."""

    def __len__(self) -> int:
        return self._length

    @property
    def smoothed(self) -> float | None:
        """The bias-corrected moving average of the numbers so far."""
        return self._average / self._weight if self._weight else None

    @property
    def ends(self) -> tuple[float, float] | None:
        """The first and the last step that has a finite number."""
        whole = self._whole()
        return None if whole is None else (whole.first, whole.last)

    def append(self, step: int, number: float, tokens: int = 0, seconds: float = 0.0) -> None:
        """Add the number of one step; steps come in rising order.

        `tokens` and `seconds` are those of all steps so far.
        """
        self._length += 1
        self.last = number
        self.first = number if self.first is None else self.first
        if not math.isfinite(number):
            self.not_finite += 1
            return
        self.best = number if self.best is None else min(self.best, number)
        self._average = SMOOTHING * self._average + (1 - SMOOTHING) * number
        self._weight = SMOOTHING * self._weight + (1 - SMOOTHING)
        smoothed = self._average / self._weight
        self._put(Bucket(step, step, number, number, smoothed, tokens, seconds))

    def _put(self, bucket: Bucket) -> None:
        for level in self._levels:
            level.append(bucket)
            if level.made % 2:
                return
            bucket = together(*level.last_two())
        self._levels.append(Level())
        self._levels[-1].append(bucket)

    # What a chart reads

    def reduced(self, most: int) -> list[Bucket]:
        """At most `most` buckets of neighbouring steps, oldest first: all there were."""
        return self.window(*EVERYWHERE, most)

    def window(self, low: float, high: float, most: int) -> list[Bucket]:
        """At most `most` buckets that reach from one step to another, in the finest level that
        has no more; where there is one, the neighbour beyond either end is among them."""
        for number, level in enumerate(self._levels):
            if not level.holds(low):
                continue
            firsts = level.firsts()
            start = max(0, bisect_left(firsts, low) - 1)
            end = min(len(level), bisect_right(firsts, high) + 1)
            rest = self._rest(number) if end == len(level) else []
            if end - start + len(rest) <= most:
                return level.between(start, end) + rest
        whole = self._whole()
        return [] if whole is None else [whole]

    def _rest(self, number: int) -> list[Bucket]:
        """The last steps, which no bucket of that level has yet, as one; none where all are in."""
        left = [
            level[len(level) - 1] for level in reversed(self._levels[:number]) if level.made % 2
        ]
        return [reduce(together, left)] if left else []

    def _whole(self) -> Bucket | None:
        """All steps as one."""
        rest = self._rest(len(self._levels))
        return rest[0] if rest else None

    def at(self, place: float) -> Bucket | None:
        """What there was at a step, or at the last one before it that has a number, as exactly as
        is still known; None before the first."""
        for number, level in enumerate(self._levels):
            if level.holds(place):
                found = bisect_right(level.firsts(), place)
                rest = self._rest(number) if found == len(level) else []
                if rest and rest[0].first <= place:
                    return rest[0]
                return level[found - 1] if found else None
        return None


def merged(buckets: Iterable[Bucket], number: int) -> list[Bucket]:
    """New buckets, each `number` neighbours as one; the last may hold fewer."""
    given, number = list(buckets), max(1, number)
    starts = range(0, len(given), number)
    return [reduce(together, given[start : start + number]) for start in starts]
