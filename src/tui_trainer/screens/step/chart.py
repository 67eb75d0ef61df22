"""The loss chart of Step: a point for each update, also for those that were undone."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from tui_trainer.reports.models import LearnerStatus
from tui_trainer.screens.step.settings import StepSettings
from tui_trainer.session.session import Session
from tui_trainer.widgets.loss_chart import LossChart

LOOK = Binding.Group("Look", compact=True)


class StepChart(StepSettings):
    """The part of Step that plots the losses."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "log", "Log", id="log", tooltip="Logarithmic loss axis", group=LOOK),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._points: dict[int, tuple[float, str]] = {}

    def _go_back_on_chart(self, status: LearnerStatus) -> None:
        """Fewer updates than before: undone ones stay where they can be redone."""
        if not status.history.redo:
            self._points = {n: at for n, at in self._points.items() if n <= status.updates}
        self._draw_points(status.updates)

    def _draw_points(self, updates: int) -> None:
        chart = self.query_one(LossChart)
        chart.series.clear()
        texts = [text for update, (_, text) in self._points.items() if update <= updates]
        for update, (loss, text) in self._points.items():
            if update <= updates and text == texts[-1]:
                chart.series.append(update, loss)
        chart.redraw()

    def _add_point(self, update: int, loss: float, text: str) -> None:
        """One more loss on the chart; a loss of another text is another curve."""
        series = self.query_one(LossChart).series
        last = next(reversed(self._points), 0)
        if last >= update:  # what was undone is not going to be redone
            self._points = {n: at for n, at in self._points.items() if n < update}
            last = next(reversed(self._points), 0)
        if last and self._points[last][1] != text:
            series.clear()
        self._points[update] = loss, text
        series.append(update, loss)

    def action_log(self) -> None:
        chart = self.query_one(LossChart)
        chart.log_axis = not chart.log_axis
