"""A loss curve of any length in bounded memory, reduced to what a chart can show; no widget."""

import math
from dataclasses import dataclass

BUCKETS_AT_MOST = 4096
SMOOTHING = 0.95


@dataclass
class Bucket:
    """Consecutive steps taken together: their range, and the smoothed loss at the last of them."""

    first: int
    last: int
    lowest: float
    highest: float
    smoothed: float

    def take(self, other: "Bucket") -> None:
        """Take in the steps that follow."""
        self.last = other.last
        self.lowest = min(self.lowest, other.lowest)
        self.highest = max(self.highest, other.highest)
        self.smoothed = other.smoothed


@dataclass(frozen=True)
class Point:
    """One point of a curve: the step and the loss in nats."""

    step: float
    loss: float


class LossSeries:
    """Losses by step. Every spike stays visible, since a bucket keeps its lowest and highest.

    The smoothed loss is an exponential moving average with Adam's bias correction (Kingma and
    Ba 2015): without it the first values would be drawn towards zero. Losses that are not
    finite are counted and left out of the curves.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._buckets: list[Bucket] = []
        self._steps_a_bucket = 1
        self._in_last = 0
        self._average = 0.0
        self._weight = 0.0
        self._length = 0
        self.first: float | None = None
        self.last: float | None = None
        self.best: float | None = None

    def __len__(self) -> int:
        return self._length

    @property
    def smoothed(self) -> float | None:
        """The bias-corrected moving average of the losses so far."""
        return self._average / self._weight if self._weight else None

    def append(self, step: int, loss: float) -> None:
        """Add the loss of one step; steps come in rising order."""
        self._length += 1
        self.last = loss
        self.first = loss if self.first is None else self.first
        if not math.isfinite(loss):
            return
        self.best = loss if self.best is None else min(self.best, loss)
        self._average = SMOOTHING * self._average + (1 - SMOOTHING) * loss
        self._weight = SMOOTHING * self._weight + (1 - SMOOTHING)
        self._put(Bucket(step, step, loss, loss, self._average / self._weight))

    def _put(self, bucket: Bucket) -> None:
        if self._buckets and self._in_last < self._steps_a_bucket:
            self._buckets[-1].take(bucket)
            self._in_last += 1
            return
        if len(self._buckets) == BUCKETS_AT_MOST:
            self._buckets = merged(self._buckets, 2)
            self._steps_a_bucket *= 2
        self._buckets.append(bucket)
        self._in_last = 1

    def raw(self, columns: int) -> list[Point]:
        """At most two points a column: the lowest and the highest loss of its steps."""
        points = []
        for bucket in self._reduced(columns):
            middle = (bucket.first + bucket.last) / 2
            points.append(Point(middle, bucket.highest))
            if bucket.lowest != bucket.highest:
                points.append(Point(middle, bucket.lowest))
        return points

    def curve(self, columns: int) -> list[Point]:
        """At most one point a column of the smoothed loss."""
        return [Point(bucket.last, bucket.smoothed) for bucket in self._reduced(columns)]

    def _reduced(self, columns: int) -> list[Bucket]:
        together = -(-len(self._buckets) // max(1, columns))
        return self._buckets if together <= 1 else merged(self._buckets, together)


def merged(buckets: list[Bucket], together: int) -> list[Bucket]:
    """Each `together` neighbours as one; the last may hold fewer."""
    result = []
    for start in range(0, len(buckets), together):
        group = buckets[start : start + together]
        result.append(
            Bucket(
                first=group[0].first,
                last=group[-1].last,
                lowest=min(bucket.lowest for bucket in group),
                highest=max(bucket.highest for bucket in group),
                smoothed=group[-1].smoothed,
            )
        )
    return result
