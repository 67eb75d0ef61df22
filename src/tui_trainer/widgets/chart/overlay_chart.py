"""The loss curves of several runs in one chart, told apart by letter, by shape and by colour."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.reactive import reactive

from tui_trainer.runs.curve import LossCurve, XAxis, place_of
from tui_trainer.runs.series import SMOOTHED_STEPS, Bucket, merged
from tui_trainer.widgets.chart.chart import Chart
from tui_trainer.widgets.chart.marks import Mark, OverlaidAlertMark, OverlaidLrMark
from tui_trainer.widgets.chart.picture import DIAMOND, Curve, Numbers, Picture, Shape, ink_of
from tui_trainer.widgets.chart.view import Ends


@dataclass(frozen=True)
class Overlaid:
    """A curve, and the letter that marks it; a single curve needs none."""

    letter: str
    curve: LossCurve
    name: str = ""
    """The run's."""


class BucketsOver:
    """What lies over steps, tokens or seconds, as a chart reads it."""

    def __init__(self, buckets: Iterable[Bucket]) -> None:
        self._buckets = list(buckets)

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


class CurveOver(BucketsOver):
    """The moving average of a curve over steps, tokens or seconds."""

    def __init__(self, curve: LossCurve, axis: XAxis) -> None:
        super().__init__(_over(bucket, axis) for bucket in curve.buckets)

    def at(self, place: float) -> Bucket | None:
        """A run has no loss beyond its end."""
        return super().at(place) if self.ends is not None and place <= self.ends[1] else None


class ValidationsOver(BucketsOver):
    """Each measurement on held-out items, where it was made."""

    def __init__(self, curve: LossCurve, axis: XAxis) -> None:
        super().__init__(
            Bucket(place, place, measured.loss, measured.loss, measured.loss)
            for measured in curve.validations
            for place in [measured.place.along(axis)]
        )


def _over(bucket: Bucket, axis: XAxis) -> Bucket:
    place = place_of(bucket, axis)
    return bucket._replace(first=bucket.first if axis is XAxis.STEP else place, last=place)


class OverlayChart(Chart):
    """The moving averages of runs, their validations and where they were given another learning
    rate; a single one needs no letter."""

    axis: reactive[XAxis] = reactive(XAxis.STEP)

    def __init__(self, *, titled: bool = True) -> None:
        super().__init__(titled=titled)
        self.curves: tuple[Overlaid, ...] = ()
        self._over: tuple[Curve, ...] = ()

    def show(self, curves: Sequence[Overlaid]) -> None:
        """Draw these curves in the place of those before."""
        if (curves := tuple(curves)) != self.curves:
            self.curves = curves
            self._place_curves()

    def watch_axis(self) -> None:
        self.view = self.view.whole().crossed((0.0, 0.0), None)
        self._place_curves()

    def _place_curves(self) -> None:
        averages = [
            self._curve(one, "avg", Shape.AVERAGE, CurveOver(one.curve, self.axis))
            for one in self.curves
        ]
        validations = [
            self._curve(one, "val", Shape.POINTS, ValidationsOver(one.curve, self.axis))
            for one in self.curves
            if one.curve.validations
        ]
        self._over = (*averages, *validations)
        self._draw_anew()

    def _curve(self, one: Overlaid, name: str, shape: Shape, numbers: Numbers) -> Curve:
        """A point has the small letter of its run, or a sign where there is one run alone."""
        mark = one.letter.lower() or DIAMOND
        return Curve(numbers, name, shape, ink_of(one.letter), one.letter, mark=mark, run=one.name)

    @property
    def _marks(self) -> tuple[Mark, ...]:
        alerts = (
            OverlaidAlertMark(alarmed.place.along(self.axis), alarmed.kinds, one.letter)
            for one in self.curves
            for alarmed in one.curve.alerts
        )
        changes = (
            OverlaidLrMark(changed.place.along(self.axis), changed.lr, one.letter)
            for one in self.curves
            for changed in one.curve.lr_changes
        )
        return *alerts, *changes

    def picture(self) -> Picture:
        return Picture(
            self._over,
            self._title,
            "There is no loss to draw here." if self._is_read else "The losses are being read.",
            self.axis.value,
            self._marks,
            log=self.log_axis,
            whole=self.axis is not XAxis.TIME,
            # Tokens and seconds are counted up to the end of a step: the first began at 0.
            begin=None if self.axis is XAxis.STEP else 0.0,
        )

    @property
    def _is_read(self) -> bool:
        """Whether each curve is whole, or can be read no further."""
        return all(one.curve.is_whole or one.curve.failure for one in self.curves)

    @property
    def _title(self) -> str:
        """What the axes are; what is not drawn."""
        return "   ".join([f" {self.title}, {self.figure()}", *self.legend])

    @property
    def title(self) -> str:
        return f"loss (nats){', log axis' if self.log_axis else ''}"

    def figure(self) -> Content:
        return Content(f"avg of ~{SMOOTHED_STEPS} steps, by {self.axis.value}")

    @property
    def legend(self) -> list[str]:
        """Which mark is which, and what is not drawn, or not yet."""
        words = []
        if any(one.curve.validations for one in self.curves):
            signs = sorted(one.letter.lower() or DIAMOND for one in self.curves)
            words.append(f"{' '.join(signs)} validation")
        if lost := sum(one.curve.not_finite for one in self.curves):
            words.append(f"{lost:,} not finite, not shown")
        if not self._is_read:
            words.append("reading on")
        return words
