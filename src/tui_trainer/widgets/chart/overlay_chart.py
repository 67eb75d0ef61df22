"""The loss curves of several runs in one chart, told apart by letter, by shape and by colour."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.reactive import reactive

from tui_trainer.runs.curve import LossCurve, XAxis, place_of
from tui_trainer.runs.series import Bucket, merged
from tui_trainer.widgets.chart.chart import Chart
from tui_trainer.widgets.chart.picture import Curve, Picture, Shape, ink_of
from tui_trainer.widgets.chart.view import Ends


@dataclass(frozen=True)
class Overlaid:
    """A curve, and the letter that marks it; a single curve needs none."""

    letter: str
    curve: LossCurve


class CurveOver:
    """The moving average of a curve over steps, tokens or seconds."""

    def __init__(self, curve: LossCurve, axis: XAxis) -> None:
        self._buckets = [_over(bucket, axis) for bucket in curve.buckets]

    @property
    def ends(self) -> Ends | None:
        return (self._buckets[0].first, self._buckets[-1].last) if self._buckets else None

    def window(self, low: float, high: float, most: int) -> Sequence[Bucket]:
        """Those that reach from one place to another, and a neighbour beyond either end."""
        inside = [n for n, b in enumerate(self._buckets) if b.last >= low and b.first <= high]
        if not inside:
            return ()
        found = self._buckets[max(0, inside[0] - 1) : inside[-1] + 2]
        return merged(found, -(-len(found) // max(1, most)))

    def at(self, place: float) -> Bucket | None:
        """The last one up to there."""
        return next((b for b in reversed(self._buckets) if b.first <= place), None)


def _over(bucket: Bucket, axis: XAxis) -> Bucket:
    place = place_of(bucket, axis)
    return bucket._replace(first=bucket.first if axis is XAxis.STEP else place, last=place)


class OverlayChart(Chart):
    """The moving averages of runs; a single one needs no letter."""

    axis: reactive[XAxis] = reactive(XAxis.STEP)

    def __init__(self, *, titled: bool = True) -> None:
        super().__init__(titled=titled)
        self.curves: tuple[Overlaid, ...] = ()
        self._over: tuple[CurveOver, ...] = ()

    def show(self, curves: Sequence[Overlaid]) -> None:
        """Draw these curves in the place of those before."""
        if (curves := tuple(curves)) != self.curves:
            self.curves = curves
            self._place_curves()

    def watch_axis(self) -> None:
        self.view = self.view.whole().crossed((0.0, 0.0), None)
        self._place_curves()

    def _place_curves(self) -> None:
        self._over = tuple(CurveOver(one.curve, self.axis) for one in self.curves)
        self._draw_anew()

    def picture(self) -> Picture:
        return Picture(
            tuple(
                Curve(over, "loss", Shape.AVERAGE, ink_of(one.letter), one.letter)
                for one, over in zip(self.curves, self._over, strict=True)
            ),
            self._title,
            "There is no loss to draw here.",
            self.axis.value,
            log=self.log_axis,
            whole=self.axis is not XAxis.TIME,
            # Tokens and seconds are counted up to the end of a step: the first began at 0.
            begin=None if self.axis is XAxis.STEP else 0.0,
        )

    @property
    def _title(self) -> str:
        """What the axes are; what is not drawn."""
        log = ", log axis" if self.log_axis else ""
        words = f" loss (nats){log}, moving average, by {self.axis.value}"
        if lost := sum(one.curve.not_finite for one in self.curves):
            words += f"   {lost:,} not finite, not shown"
        if not all(one.curve.is_whole or one.curve.failure for one in self.curves):
            words += "   reading on"
        return words
