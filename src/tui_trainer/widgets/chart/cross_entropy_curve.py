"""The curve of -log p with two points on it: the label's, and that of a guess."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from textual.reactive import reactive

from tui_trainer.runs.series import Bucket
from tui_trainer.widgets.chart.chart import Chart
from tui_trainer.widgets.chart.picture import Curve, Picture, Shape
from tui_trainer.widgets.chart.view import Ends

POINT, GUESS = "●", "○"
POINT_INK, GUESS_INK = "point", "title"
LOWEST_TOP = 5.0  # nats: the curve's bend is in view whatever the loss
DECADE = math.log(10)  # nats


@dataclass(frozen=True)
class CurvePoint:
    """A loss in nats, and that of a guess among all classes; each stands at p = exp(-loss)."""

    loss: float
    guess: float

    @property
    def top(self) -> float:
        """The largest loss of the curve."""
        return max(LOWEST_TOP, 1.05 * self.loss, 1.05 * self.guess)


def place(loss: float, *, log: bool) -> float:
    """Where a loss stands on the horizontal axis: at its probability, or at log10 of that.

    Taken from the loss, since the probability itself may have rounded to 0.
    """
    return -loss / DECADE if log else math.exp(-loss)


class LogCurve:
    """-log p over p, or over log10 p."""

    def __init__(self, top: float, *, log: bool) -> None:
        self._top, self._log = top, log

    @property
    def ends(self) -> Ends:
        return (-math.ceil(self._top / DECADE), 0.0) if self._log else (0.0, 1.0)

    def window(self, low: float, high: float, most: int) -> Sequence[Bucket]:
        """Enough points of the curve to draw it smoothly, whichever way it runs."""
        half = max(2, most // 2)
        if self._log:
            wanted = [low + (high - low) * n / half for n in range(half + 1)]
            return [bucket for x in wanted if (bucket := self.at(x)).smoothed <= self._top]
        # Where the curve is flat its points must be even in p, where it is steep in the loss.
        even = {low + (high - low) * n / half for n in range(half + 1)}
        steep = {math.exp(-self._top * n / half) for n in range(half + 1)}
        wanted = sorted(x for x in even | steep if low <= x <= high)
        return [bucket for x in wanted if x > 0 and (bucket := self.at(x)).smoothed <= self._top]

    def at(self, place: float) -> Bucket:
        loss = -place * DECADE if self._log else -math.log(place) if place > 0 else self._top
        return _point(place, loss)


class OnePoint:
    """One loss at its place."""

    def __init__(self, loss: float, *, log: bool) -> None:
        self._bucket = _point(place(loss, log=log), loss)

    @property
    def ends(self) -> Ends:
        return self._bucket.first, self._bucket.last

    def window(self, low: float, high: float, _most: int) -> Sequence[Bucket]:
        return (self._bucket,) if low <= self._bucket.first <= high else ()

    def at(self, _place: float) -> Bucket | None:
        """It is told where it stands, and nowhere else."""
        return None


def _point(x: float, loss: float) -> Bucket:
    return Bucket(x, x, loss, loss, loss)


class CrossEntropyCurve(Chart):
    """-log p over p, the label's point on it and that of a guess."""

    point: reactive[CurvePoint | None] = reactive(None)
    """None while the loss is not known: then nothing is drawn."""

    def __init__(self) -> None:
        super().__init__(titled=False)

    def watch_point(self) -> None:
        self._draw_anew()

    def picture(self) -> Picture:
        """With `log_axis` the axis of p is logarithmic: there the curve is a straight line."""
        return picture_of(self.point, log=self.log_axis)


def picture_of(point: CurvePoint | None, *, log: bool) -> Picture:
    label = "p, log" if log else "p"
    if point is None:
        return Picture((), "", "", label)
    return Picture(
        (
            Curve(LogCurve(point.top, log=log), "-log p"),
            Curve(OnePoint(point.guess, log=log), "", Shape.POINTS, GUESS_INK, mark=GUESS),
            Curve(OnePoint(point.loss, log=log), "", Shape.POINTS, POINT_INK, mark=POINT),
        ),
        "",
        "",
        label,
        whole=log,
        tell_x=_power if log else lambda p: f"{p:.3g}",
    )


def _power(exponent: float) -> str:
    return "1" if exponent == 0 else f"1e{exponent:.0f}"
