"""The losses of a run, or of Step's updates, as a chart."""

from collections import deque

from textual.content import Content

from tui_trainer.reports.loop import ChangeReport, LoopReport, ValidationReport, alerts_of
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.metrics import AlertLine, LrLine
from tui_trainer.runs.past import Past
from tui_trainer.runs.series import SMOOTHED_STEPS, Series
from tui_trainer.widgets.chart.canvas import RAW
from tui_trainer.widgets.chart.chart import Chart
from tui_trainer.widgets.chart.marks import AlertMark, CheckpointMark, LrMark, Ruled, WeightsMark
from tui_trainer.widgets.chart.picture import DIAMOND, INKS, Curve, Picture, Shape, points_on
from tui_trainer.words.numbers import nats, nats_cell
from tui_trainer.words.signs import change

MARKS_KEPT = 200
NO_WAY = "  ", ""
LATELY = 10
"""The direction of a loss is told of that part of the run."""


AFTER = "◇"
AVERAGE = f"━ avg of ~{SMOOTHED_STEPS}"
"""Of so many steps, in the legend."""


class LossChart(Chart):
    """Raw losses as faint dots, their moving average as a line before; or raw as a line alone.

    Add to `series` and call `redraw`.
    """

    def __init__(
        self,
        x_label: str = "update",
        *,
        smoothing: bool = True,
        titled: bool = True,
        before: str = "",
    ) -> None:
        """`before` is what stands there until there is a loss, in lines."""
        super().__init__(titled=titled)
        self._before = before
        self.series = Series()
        self.validation = Series()
        """Losses of held-out items, by how many steps were made before."""
        self.after = Series()
        """Where the last step led, if that is known: the next one would begin there."""
        self.overlaid: tuple[Curve, ...] = ()
        """Other runs, each with its letter."""
        self.marks: deque[Ruled] = deque(maxlen=MARKS_KEPT)
        self.checkpoints: deque[CheckpointMark] = deque(maxlen=MARKS_KEPT)
        self._lr: float | None = None
        """The highest learning rate of the schedule at the last step."""
        self._x_label = x_label
        self._smoothing = smoothing

    def clear(self, past: Past | None = None) -> None:
        """Forget a run; `past` is what there is of the next one."""
        past = past or Past()
        self.series, self.validation = past.losses, past.validation
        self.marks.clear()
        self.checkpoints.clear()
        self._lr = self.most = None
        for made in past.changes:
            if isinstance(made, LrLine):
                self.marks.append(LrMark(made.step, made.lr))
            elif isinstance(made, AlertLine):
                self.mark_alert(made.step, made.kind)
            else:
                self.mark_change(made.step + 1, made.updates)

    def add(self, report: LoopReport) -> None:
        """Take in what a loop reports: a loss, a measurement, an alert, a change on the way."""
        for alert in alerts_of(report):
            self.mark_alert(alert.step, alert.kind)
        if isinstance(report, StepReport):
            self._add_step(report)
        elif isinstance(report, ValidationReport):
            if report.compared_loss is not None:
                self.validation.append(report.step, report.compared_loss)
        elif isinstance(report, ChangeReport):
            self.mark_change(report.step + 1, report.updates)

    def _add_step(self, report: StepReport) -> None:
        self.series.append(report.step, report.loss)
        if self._lr not in (None, report.peak_lr):
            self.marks.append(LrMark(report.step, report.peak_lr))
        if report.is_saved:
            self.checkpoints.append(CheckpointMark(report.step))
        self._lr = report.peak_lr
        self.most = report.steps if report.step < report.steps else None

    def mark_alert(self, step: int, kind: str) -> None:
        """Several of the same step are one."""
        last = self.marks[-1] if self.marks else None
        before: tuple[str, ...] = ()
        if isinstance(last, AlertMark) and last.step == step:
            before = last.kinds
            self.marks.pop()
        self.marks.append(AlertMark(step, (*before, kind)))

    def mark_change(self, step: int, updates: int) -> None:
        """The weights were changed on Step before `step`; changes before the same step are one."""
        last = self.marks[-1] if self.marks else None
        if isinstance(last, WeightsMark) and last.step == step:
            updates += last.updates
            self.marks.pop()
        if updates:
            self.marks.append(WeightsMark(step, updates))

    def picture(self) -> Picture:
        return Picture(
            self._curves(),
            "   ".join((f" {self.title}", *self.legend)),
            self._no_curve,
            self._x_label,
            (*self.marks, *self.checkpoints),
            log=self.log_axis,
            most=self.most,
        )

    def _curves(self) -> tuple[Curve, ...]:
        if self._smoothing:
            lines = (
                Curve(self.series, "loss", Shape.RANGE, RAW),
                *self.overlaid,
                Curve(self.series, "avg", Shape.AVERAGE),
            )
        else:
            line = Curve(self.series, "loss")
            lines = line, *points_on(line, self.view, self.size.width), *self.overlaid
            if len(self.after):
                lines = *lines, Curve(self.after, f"{AFTER} after", Shape.POINTS, mark=AFTER)
        if not len(self.validation):
            return lines
        return *lines, Curve(self.validation, f"{DIAMOND} val", Shape.POINTS, INKS[1])

    @property
    def title(self) -> str:
        return f"loss (nats){', log axis' if self.log_axis else ''}"

    @property
    def legend(self) -> list[str]:
        """Which mark is which, and what is not drawn."""
        words = [f"· each {self._x_label}", AVERAGE] if self._smoothing else []
        words += [f"{DIAMOND} val"] if len(self.validation) else []
        words += [f"{AFTER} now"] if len(self.after) else []
        if lost := self.series.not_finite:
            words.append(f"{lost:,} not finite, not shown")
        return words

    def figure(self) -> Content:
        """The last loss, and the average with its direction over the last tenth of the run."""
        last, average = self.series.last, self.series.smoothed
        if last is None or average is None:
            return Content("" if last is None else nats(last))
        return Content.assemble(
            (nats_cell(last), "bold"), "  avg ", (nats_cell(average), "bold"), self.way()
        )

    def way(self) -> tuple[str, str]:
        """The sign of where the average goes, and its style."""
        average, ends = self.series.smoothed, self.series.ends
        if average is None or ends is None:
            return NO_WAY
        before = self.series.at(ends[1] - max(1, (ends[1] - ends[0]) // LATELY))
        sign = change(before.smoothed, average) if before is not None else None
        return (f" {sign.mark}", sign.style) if sign is not None else NO_WAY

    @property
    def _no_curve(self) -> str:
        if self.series.not_finite:
            return f"No loss so far was a finite number ({self.series.last})."
        return f"The loss chart begins with the first {self._x_label}.\n{self._before}"
