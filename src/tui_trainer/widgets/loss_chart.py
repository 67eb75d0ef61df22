"""The loss chart: `loss_plot` draws it, the theme colours it."""

import re
import time
from collections import deque
from typing import ClassVar

from rich.segment import Segment
from textual.geometry import Size
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui_trainer.reports.loop import ChangeReport, LoopReport, ValidationReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.loss_series import LossSeries
from tui_trainer.runs.metrics import LrLine
from tui_trainer.runs.past import Past
from tui_trainer.widgets.chart_marks import LrMark, Mark, WeightsMark
from tui_trainer.widgets.loss_plot import chart_lines

REDRAW_SECONDS = 0.5
REST_AT_MOST = 2.0
DRAW_SHARE = 100
"""The chart rests so many times as long as it took to build: 1% of a core, whatever its size."""
MARKS = re.compile("(?P<dots>[\u2801-\u28ff]+)|(?P<line>[▀▄▌▐█▖▗▘▙▚▛▜▝▞▟]+)|(?P<points>◆+)")
MARKS_KEPT = 200


class LossChart(Widget):
    """Raw losses as faint dots, their moving average as a bold line; or raw as a line alone.

    Add to `series` and call `redraw`: the chart is drawn at once after a pause, else at most
    every `REDRAW_SECONDS`, a large one every `REST_AT_MOST`, however often it is called. It is
    built when it is painted, so a chart on a screen that is not open costs nothing and is up to
    date when it is.
    """

    DEFAULT_CSS = """
    LossChart {
        width: 1fr;
        height: 1fr;

        .loss-chart--curve { color: $primary; text-style: bold; }
        .loss-chart--raw { color: $text-muted; }
        .loss-chart--validation { color: $warning; text-style: bold; }
        .loss-chart--frame { color: $text-muted; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "loss-chart--curve",
        "loss-chart--raw",
        "loss-chart--validation",
        "loss-chart--frame",
    }

    log_axis: reactive[bool] = reactive(False)
    """Whether the loss axis is logarithmic."""

    def __init__(
        self,
        x_label: str = "update",
        *,
        smoothing: bool = True,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.series = LossSeries()
        self.validation = LossSeries()
        """Losses of held-out items, by how many steps were made before."""
        self.marks: deque[Mark] = deque(maxlen=MARKS_KEPT)
        self._lr: float | None = None
        """The highest learning rate of the schedule at the last step."""
        self.draws = 0
        """How many times a chart was built."""
        self._x_label = x_label
        self._smoothing = smoothing
        self._resting = False
        self._waiting = False
        self._build_seconds = 0.0
        self._lines: list[str] | None = None
        self._lines_size = Size(0, 0)

    def clear(self, past: Past | None = None) -> None:
        """Forget a run; `past` is what there is of the next one."""
        past = past or Past()
        self.series, self.validation = past.losses, past.validation
        self.marks.clear()
        self._lr = None
        for change in past.changes:
            if isinstance(change, LrLine):
                self.marks.append(LrMark(change.step, change.lr))
            else:
                self.mark_change(change.step + 1, change.updates)

    def add(self, report: LoopReport) -> None:
        """Take in what a loop reports: a loss, a measurement, or a change on the way."""
        if isinstance(report, StepReport):
            self.series.append(report.step, report.loss)
            if self._lr not in (None, report.peak_lr):
                self.marks.append(LrMark(report.step, report.peak_lr))
            self._lr = report.peak_lr
        elif isinstance(report, ValidationReport):
            if report.compared_loss is not None:
                self.validation.append(report.step, report.compared_loss)
        elif isinstance(report, ChangeReport):
            self.mark_change(report.step + 1, report.updates)

    def mark_change(self, step: int, updates: int) -> None:
        """The weights were changed on Step before `step`; changes before the same step are one."""
        last = self.marks[-1] if self.marks else None
        if isinstance(last, WeightsMark) and last.step == step:
            updates += last.updates
            self.marks.pop()
        if updates:
            self.marks.append(WeightsMark(step, updates))

    def redraw(self) -> None:
        """The series changed: draw it now, or as soon as the last drawing is old enough."""
        if self._resting:
            self._waiting = True
        elif self.is_mounted:
            self._resting = True
            self._draw_anew()
            self.set_timer(self._rest_seconds, self._end_rest)

    @property
    def _rest_seconds(self) -> float:
        """After the build before this one: this one is built when it is painted."""
        return min(REST_AT_MOST, max(REDRAW_SECONDS, DRAW_SHARE * self._build_seconds))

    def _end_rest(self) -> None:
        self._resting = False
        if self._waiting:
            self._waiting = False
            self.redraw()

    def _draw_anew(self) -> None:
        self._lines = None
        self.refresh()

    def watch_log_axis(self) -> None:
        self._draw_anew()

    def render_line(self, y: int) -> Strip:
        lines = self._built_lines()
        strip = Strip(self._segments(lines[y] if y < len(lines) else ""))
        return strip.adjust_cell_length(self.size.width, self.rich_style)

    def _built_lines(self) -> list[str]:
        if self._lines is None or self._lines_size != self.size:
            self.draws += 1
            self._lines_size = self.size
            began = time.thread_time()  # a training loop may have the core meanwhile
            self._lines = chart_lines(
                self.series,
                self.size.width,
                self.size.height,
                self._x_label,
                log=self.log_axis,
                smoothing=self._smoothing,
                validation=self.validation,
                marks=tuple(self.marks),
            )
            self._build_seconds = time.thread_time() - began
        return self._lines

    def _segments(self, line: str) -> list[Segment]:
        """The line in the colours of the theme; the marks differ without them too."""
        frame = self.get_component_rich_style("loss-chart--frame")
        curve = self.get_component_rich_style("loss-chart--curve")
        raw = self.get_component_rich_style("loss-chart--raw") if self._smoothing else curve
        points = self.get_component_rich_style("loss-chart--validation")
        segments, done = [], 0
        for mark in MARKS.finditer(line):
            style = {"dots": raw, "points": points}.get(mark.lastgroup or "", curve)
            segments += [Segment(line[done : mark.start()], frame), Segment(mark[0], style)]
            done = mark.end()
        return [*segments, Segment(line[done:], frame)]
