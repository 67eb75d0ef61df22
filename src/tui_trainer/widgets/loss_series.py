"""The losses of a training run, kept in bounded memory and reduced to what a chart can show."""

import math
from dataclasses import dataclass
from itertools import zip_longest

BETA = 0.98  # the moving average looks back over about 1 / (1 - BETA) = 50 updates
BUCKETS = 4096  # at most; far more than a terminal has columns


@dataclass(frozen=True, slots=True)
class Bucket:
    """Consecutive updates as one: their range and mean, and the average where they end.

    Losses that are not finite count in `points` and in nothing else; where all are so,
    `finite` is 0, `low` is +inf and `high` is -inf.
    """

    first: int
    """The first and the last update it holds."""
    last: int
    points: int
    finite: int
    low: float
    high: float
    total: float
    """The sum of the finite losses."""
    smoothed: float
    """The moving average after its last update; NaN before the first finite loss."""

    @property
    def mean(self) -> float:
        return self.total / self.finite if self.finite else math.nan

    def join(self, later: "Bucket") -> "Bucket":
        """This bucket and the one after it as one."""
        return Bucket(
            self.first,
            later.last,
            self.points + later.points,
            self.finite + later.finite,
            min(self.low, later.low),
            max(self.high, later.high),
            self.total + later.total,
            later.smoothed,
        )


class LossSeries:
    """Losses in the order of their updates; memory does not grow with their number.

    The moving average is m = beta m + (1 - beta) loss from m = 0, divided by 1 - beta^n after
    n losses, so that it starts at the first loss rather than at zero.
    """

    def __init__(self, beta: float = BETA, limit: int = BUCKETS) -> None:
        self._beta = beta
        self._limit = limit
        self.clear()

    def clear(self) -> None:
        """Forget every loss."""
        self._closed: list[Bucket] = []
        self._open: Bucket | None = None
        self._points_a_bucket = 1
        self._length = 0
        self._average = 0.0
        self._weight = 0.0  # 1 - beta^n
        self.first: float | None = None
        """The first loss, as it was given."""
        self.last: float | None = None
        """The last loss, as it was given: perhaps not finite."""
        self.best: float | None = None
        """The lowest finite loss."""
        self.best_step: int | None = None
        self.not_finite = 0
        """How many losses were NaN or infinite."""

    def __len__(self) -> int:
        """How many losses were appended."""
        return self._length

    @property
    def smoothed(self) -> float | None:
        """The moving average now; None before the first finite loss."""
        return self._average / self._weight if self._weight else None

    def append(self, step: int, loss: float) -> None:
        """Take in the loss of update `step`; steps rise."""
        if not self._length:
            self.first = loss
        self.last = loss
        self._length += 1
        if math.isfinite(loss):
            self._average = self._beta * self._average + (1 - self._beta) * loss
            self._weight = self._beta * self._weight + (1 - self._beta)
            if self.best is None or loss < self.best:
                self.best, self.best_step = loss, step
        else:
            self.not_finite += 1
        self._put(_point(step, loss, self.smoothed))

    def _put(self, point: Bucket) -> None:
        self._open = point if self._open is None else self._open.join(point)
        if self._open.points >= self._points_a_bucket:
            self._closed.append(self._open)
            self._open = None
        if len(self._closed) >= self._limit:
            self._closed = join_pairs(self._closed)
            self._points_a_bucket *= 2

    def buckets(self) -> list[Bucket]:
        """All that is kept, oldest first."""
        return [*self._closed, self._open] if self._open else list(self._closed)

    def reduce(self, columns: int) -> list[Bucket]:
        """At most `columns` buckets, each holding the updates of one column of a chart."""
        kept = self.buckets()
        if not kept:
            return []
        start, span = kept[0].first, max(1, kept[-1].last - kept[0].first)
        reduced: list[Bucket] = []
        column = -1
        for bucket in kept:
            belongs = min(columns - 1, (bucket.last - start) * columns // span)
            if belongs == column:
                reduced[-1] = reduced[-1].join(bucket)
            else:
                reduced.append(bucket)
                column = belongs
        return reduced


def join_pairs(buckets: list[Bucket]) -> list[Bucket]:
    """Half as many buckets, each twice as wide."""
    pairs = zip_longest(buckets[::2], buckets[1::2])
    return [left.join(right) if right else left for left, right in pairs]


def _point(step: int, loss: float, smoothed: float | None) -> Bucket:
    average = math.nan if smoothed is None else smoothed
    if not math.isfinite(loss):
        return Bucket(step, step, 1, 0, math.inf, -math.inf, 0.0, average)
    return Bucket(step, step, 1, 1, loss, loss, loss, average)
