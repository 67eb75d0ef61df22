"""Step: one string, one update for each press of the space bar."""

import time
from collections.abc import Iterable
from pathlib import PurePath
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.reactive import var
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.engine.phase_reports import STEP, PhaseReport
from tui_trainer.engine.reports import LearnerStatus, Prediction, UpdateReport
from tui_trainer.screens.phase_view import PHASE_KEYS, PhaseView
from tui_trainer.screens.session import Session
from tui_trainer.screens.step_history import StepHistory, describe_history
from tui_trainer.screens.step_settings import describe_settings
from tui_trainer.screens.step_words import describe_prediction, describe_update
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.loss_chart import LossChart
from tui_trainer.widgets.prediction_table import PredictionTable
from tui_trainer.widgets.text_box import TextBox
from tui_trainer.worker import Failure, LoopChanged

NOTEBOOK_TEXT = "def hello():\n\treturn"
WAITING_AT_MOST = 8  # updates asked for and not yet made: holding the key must not pile them up
DRAIN_SECONDS = 1 / 12
PREDICT_SECONDS = 0.5  # how often the table follows a loop that trains the model elsewhere
VIEWS = "predictions", "phases"
TRAIN = Binding.Group("Train", compact=True)
LOOK = Binding.Group("Look", compact=True)


class StepScreen(StepHistory):
    """The training cell by keypress."""

    NAME = "step"
    CSS_PATH: ClassVar[str | PurePath | list[str | PurePath] | None] = [
        "step.tcss",
        "../widgets/line_table.tcss",
    ]
    HELP = """\
The training cell of the notebook, on your text. The model reads the tokens and gives, at each
position, a probability to every token that could come next (logits, then softmax). The loss is
the mean of -log p of the tokens that really come next (cross entropy). Backward finds the
gradient of the loss for every weight; optimizer.step moves each weight a little against it.

space makes one update; watch the loss fall and p of the next token rise. A learning rate that
is too high makes the loss jump: R gives you the loaded weights back.

. runs the cell phase by phase: forward makes the logits and a graph of how they came about, loss
compares them with the labels, backward goes back through the graph and leaves a gradient for each
weight, optimizer.step moves the weights, zero_grad clears the gradients. F, L, B, S and Z run one
out of order: backward again without a step gives the same loss; a step without backward changes
nothing; without zero_grad the gradients add up, and their norm shows it.

'moved' counts the weights whose stored value changed: in bf16 a small step can round to nothing.

u undoes an update: weights, optimizer, random numbers and count are those before it, bit for
bit. r makes it again. h says how much memory that may take, and so how far back you can go.

The loss before the update is what the training cell prints; the one after is a new forward pass.
Train mode turns dropout on, so the same text gives a different loss each time; eval mode turns
it off. A model without dropout gives the same in both."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "space",
            "update",
            "Update",
            key_display="␣",
            id="update",
            tooltip="One update",
            group=TRAIN,
        ),
        Binding(
            "p",
            "play",
            "Play",
            id="play",
            tooltip="Play, or pause: update after update",
            group=TRAIN,
        ),
        Binding(
            "full_stop",
            "phase",
            "Phase",
            key_display=".",
            id="phase",
            tooltip="The next phase of the training cell alone",
            group=TRAIN,
        ),
        *(
            Binding(key, f"phase('{phase}')", f"{phase} alone", show=False, id=f"phase-{key}")
            for phase, key in PHASE_KEYS.items()
        ),
        Binding("v", "view", "View", id="view", tooltip="Predictions, or the phases", group=LOOK),
        Binding("y", "log", "Log", id="log", tooltip="Logarithmic loss axis", group=LOOK),
    ]

    waiting: var[int] = var(0)
    """Updates asked for by keypress and not yet made."""
    view: var[str] = var(VIEWS[0])

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.report: UpdateReport | None = None
        self._predicted_at = 0.0
        self._updates_shown = 0
        self._points: dict[int, tuple[float, str]] = {}
        self._typed: Timer | None = None

    def body(self) -> Iterable[Widget]:
        yield TextBox(NOTEBOOK_TEXT, id="text")
        yield Static(id="facts")
        yield Static(id="settings")
        with Container(id="views"):
            yield LossChart(x_label="update", smoothing=False)
            yield PredictionTable(id="predictions")
            yield PhaseView(id="phases")

    def on_mount(self) -> None:
        self.session.status_changed.subscribe(self, self._on_status)
        self.session.loop_changed.subscribe(self, self._on_loop)
        self.set_interval(DRAIN_SECONDS, self._drain)
        self._show_settings()

    def on_screen_resume(self) -> None:
        self._follow()

    @property
    def text(self) -> str:
        return self.query_one(TextBox).text

    # What is shown

    def _on_status(self, status: LearnerStatus) -> None:
        """The model changed: by an update here, by a loop, by a reload or a new load."""
        if status.updates < self._updates_shown:
            self._go_back(status)
        elif status.updates in self._points and status.updates > self._updates_shown:
            self._draw_points(status.updates)
        self._updates_shown = status.updates
        self._show_settings()
        if self.is_current:
            self._follow()

    def _follow(self) -> None:
        """Show the weights as they are now, in the view that is open."""
        if not self._is_up_to_date:
            self._predict()
        if self.view == "phases":
            self._look_at_phases()

    @property
    def _is_up_to_date(self) -> bool:
        """Whether the table shows the last update made, and that update was made here."""
        status, report = self.session.status, self.report
        return status is not None and report is not None and report.update == status.updates

    def _go_back(self, status: LearnerStatus) -> None:
        """Fewer updates than before: undone ones stay where they can be redone."""
        self.report = None
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

    def _show_settings(self) -> None:
        status = self.session.status
        line = describe_settings(status, self.waiting)
        if status is not None:
            line = f"{line} · {describe_history(status.history)}"
        self._say("settings", line)

    def watch_waiting(self) -> None:
        if self.is_mounted:
            self._show_settings()

    # Views

    def action_view(self) -> None:
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]

    def watch_view(self) -> None:
        if not self.is_mounted:
            return
        for view in VIEWS:
            self.query_one(f"#{view}").display = view == self.view
        self.query_one(LossChart).set_class(self.view != VIEWS[0], "-beside")
        self._follow()

    def _say(self, where: str, line: str) -> None:
        self.query_one(f"#{where}", Static).update(Content(line), layout=False)

    def _show_prediction(self, prediction: Prediction) -> None:
        self.query_one(PredictionTable).show(None, prediction)
        self._say("facts", describe_prediction(prediction))

    def _show_report(self, report: UpdateReport) -> None:
        self.report = report
        self._updates_shown = report.update
        self.query_one(PredictionTable).show(report.before, report.after)
        self._say("facts", describe_update(report))

    def _plot(self, reports: list[UpdateReport]) -> None:
        for report in reports:
            self._add_point(report.update, report.loss, report.text)
            self.session.guide.saw_update(report)
            self.report = report
        self.query_one(LossChart).redraw()

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

    # Predict

    def on_text_area_changed(self) -> None:
        if self._typed is not None:
            self._typed.stop()
        self._typed = self.set_timer(0.15, self._predict)

    @work(exclusive=True, group="predict")
    async def _predict(self) -> None:
        """The table with the weights as they are now, for the text as it is now."""
        if self.session.status is None or self._is_playing:
            return
        since = time.monotonic() - self._predicted_at
        if self.session.is_running("gsm8k") and since < PREDICT_SECONDS:
            return
        self._predicted_at = time.monotonic()
        text = self.text
        prediction = await self.session.ask(
            lambda engine: engine.predict(text, 1), "Predicting", self._say_failure
        )
        if prediction is not None and text == self.text:
            self._show_prediction(prediction)

    def _say_failure(self, failure: Failure) -> None:
        """While typing, a sentence in the line of facts is enough."""
        if failure.traceback is not None:
            self.session.tell(failure)
        self._say("facts", visible(failure.sentence) + "\n")
        self.query_one(PredictionTable).clear()

    # Update

    @property
    def _is_playing(self) -> bool:
        return self.session.is_live("step")

    def action_update(self) -> None:
        if self._is_playing:
            self.action_play()
        elif self.session.holds_weights():
            return
        elif self.session.status is None:
            self.notify("The model is still being loaded.", markup=False)
        elif self.waiting < WAITING_AT_MOST:
            self.waiting += 1
            self._update(self.text)

    @work
    async def _update(self, text: str) -> None:
        report = await self.session.ask(lambda engine: engine.update(text), "Updating")
        self.waiting -= 1
        if report is not None:
            self._plot([report])
            self._show_report(report)
            await self.session.refresh()
            if not self.waiting:
                await self.session.ask(lambda engine: engine.prepare_undo(), "")

    @work
    async def action_play(self) -> None:
        if self._is_playing:
            self.session.worker.stop_loop("step")
            return
        if self.session.holds_weights():
            return
        text = self.text
        await self.session.start_loop("step", lambda engine: engine.updates(text))

    def _on_loop(self, change: LoopChanged) -> None:
        if change.name == "step":
            self._drain()
        elif self.is_current:
            self._predict()

    def _drain(self) -> None:
        """The updates made while playing: each a point, the last one in the table."""
        reports = [r for r in self.session.drain("step") if isinstance(r, UpdateReport)]
        if reports:
            self._plot(reports)
            self._show_report(reports[-1])

    # Phases

    def action_phase(self, phase: str | None = None) -> None:
        """One phase of the training cell; without a name the next."""
        self.view = "phases"
        if self.may_train():
            self._run_phase(phase, self.text)

    @work
    async def _run_phase(self, phase: str | None, text: str) -> None:
        report = await self.session.ask(
            lambda engine: engine.phase(phase, text), "Running a phase", self._say_refused
        )
        if report is not None:
            self._show_phase(report)
            if report.phase == STEP:
                await self.session.refresh()

    @work(exclusive=True, group="phases")
    async def _look_at_phases(self) -> None:
        if self.session.status is None:
            return
        report = await self.session.ask(lambda engine: engine.phase_report(), "")
        if report is not None:
            self.query_one(PhaseView).show(report)

    def _show_phase(self, report: PhaseReport) -> None:
        self.session.guide.saw_phase(report)
        self.query_one(PhaseView).show(report)
        if report.phase == STEP and report.moved and report.loss is not None:
            self._add_point(report.update, report.loss, report.text or "")
            self.query_one(LossChart).redraw()

    def _say_refused(self, failure: Failure) -> None:
        """A phase that has nothing to work on: a sentence where its report would be."""
        if failure.traceback is not None:
            self.session.tell(failure)
        self.query_one(PhaseView).say(failure.sentence)

    def action_log(self) -> None:
        chart = self.query_one(LossChart)
        chart.log_axis = not chart.log_axis
