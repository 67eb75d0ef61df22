"""A loss curve of any length in bounded memory, reduced to what a chart can show; no widget."""

import math
from dataclasses import dataclass

BUCKETS_AT_MOST = 4096
SMOOTHING = 0.95


@dataclass(slots=True)
class Bucket:
    """Consecutive steps taken together: their range, and the smoothed loss at the last of them."""

    first: int
    last: int
    lowest: float
    highest: float
    smoothed: float
    tokens: int = 0
    """How many tokens were trained on up to the last step, where that is known."""
    seconds: float = 0.0
    """The training time up to there."""

    @property
    def middle(self) -> float:
        return (self.first + self.last) / 2

    def merge(self, other: "Bucket") -> None:
        """Take in the steps that follow."""
        self.last = other.last
        self.lowest = min(self.lowest, other.lowest)
        self.highest = max(self.highest, other.highest)
        self.smoothed = other.smoothed
        self.tokens = other.tokens
        self.seconds = other.seconds


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
        self.not_finite = 0
        """How many losses were NaN or infinite."""

    def __len__(self) -> int:
        return self._length

    @property
    def smoothed(self) -> float | None:
        """The bias-corrected moving average of the losses so far."""
        return self._average / self._weight if self._weight else None

    def append(self, step: int, loss: float, tokens: int = 0, seconds: float = 0.0) -> None:
        """Add the loss of one step; steps come in rising order.

        `tokens` and `seconds` are those of all steps so far.
        """
        self._length += 1
        self.last = loss
        self.first = loss if self.first is None else self.first
        if not math.isfinite(loss):
            self.not_finite += 1
            return
        self.best = loss if self.best is None else min(self.best, loss)
        self._average = SMOOTHING * self._average + (1 - SMOOTHING) * loss
        self._weight = SMOOTHING * self._weight + (1 - SMOOTHING)
        smoothed = self._average / self._weight
        self._put(Bucket(step, step, loss, loss, smoothed, tokens, seconds))

    def _put(self, bucket: Bucket) -> None:
        if self._buckets and self._in_last < self._steps_a_bucket:
            self._buckets[-1].merge(bucket)
            self._in_last += 1
            return
        if len(self._buckets) == BUCKETS_AT_MOST:
            self._buckets = merged(self._buckets, 2)
            self._steps_a_bucket *= 2
        self._buckets.append(bucket)
        self._in_last = 1

    def reduced(self, columns: int) -> list[Bucket]:
        """At most `columns` buckets of neighbouring steps, oldest first: all that a chart shows."""
        together = -(-len(self._buckets) // max(1, columns))
        return merged(self._buckets, together)


def merged(buckets: list[Bucket], together: int) -> list[Bucket]:
    """New buckets, each `together` neighbours as one; the last may hold fewer."""
    result = []
    for start in range(0, len(buckets), max(1, together)):
        group = buckets[start : start + max(1, together)]
        result.append(
            Bucket(
                first=group[0].first,
                last=group[-1].last,
                lowest=min(bucket.lowest for bucket in group),
                highest=max(bucket.highest for bucket in group),
                smoothed=group[-1].smoothed,
                tokens=group[-1].tokens,
                seconds=group[-1].seconds,
            )
        )
    return result
