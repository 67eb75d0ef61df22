"""Updates on Step, one for each press of the space bar or one after another, and predictions."""

import time
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.reactive import var
from textual.timer import Timer

from tui_trainer.failures import Failure
from tui_trainer.protocol.predictions import Predict
from tui_trainer.protocol.request import Request
from tui_trainer.protocol.updates import KeepUpdating, PrepareUndo, Update
from tui_trainer.reports.predictions import Prediction
from tui_trainer.reports.updates import UpdateReport
from tui_trainer.screens.step.settings import describe_settings
from tui_trainer.screens.step.views import LOOK_SECONDS, PASSES, StepViews
from tui_trainer.screens.step.words import describe_history, describe_prediction, describe_update
from tui_trainer.screens.work_screen import save_binding
from tui_trainer.session.going_on import GSM8K, Act
from tui_trainer.session.going_on import STEP as LOOP
from tui_trainer.session.session import Session
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.prediction_table import PredictionTable

WAITING_AT_MOST = 8  # updates asked for and not yet made: holding the key must not pile them up
ASKED_FOR = f"{WAITING_AT_MOST} are asked for already: wait for them."
UPDATES = Binding.Group("Update ", compact=True)


class StepUpdates(StepViews):
    """The part of Step that makes updates and shows what the model predicts."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "space",
            "update",
            "Update",
            key_display="␣",
            id="update",
            tooltip="One update",
            group=UPDATES,
        ),
        Binding(
            "p",
            "play",
            "Play",
            id="play",
            tooltip="Play, or pause: update after update",
            group=UPDATES,
        ),
        save_binding(UPDATES),
    ]

    waiting: var[int] = var(0)
    """Updates asked for by keypress and not yet made."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.report: UpdateReport | None = None
        self._predicted_at = 0.0
        self._typed: Timer | None = None

    # What is shown

    def _follow(self) -> None:
        if not self._is_up_to_date:
            self._predict()
        super()._follow()

    @property
    def _is_up_to_date(self) -> bool:
        """Whether the table shows the last update made, and that update was made here."""
        status, report = self.session.status, self.report
        return status is not None and report is not None and report.update == status.updates

    def _show_settings(self) -> None:
        status = self.session.status
        line = describe_settings(status, self.waiting, self.asked.value)
        if status is not None:
            line = f"{line} · {describe_history(status.history)}"
        if self.session.pending.state_of(LOOP) is not None:
            line = f"stopping after this update · {line}"
        self._say("settings", line)

    def show_waiting(self) -> None:
        self._show_settings()

    def watch_waiting(self) -> None:
        if self.is_mounted:
            self._show_settings()

    def _show_prediction(self, prediction: Prediction) -> None:
        self.query_one(PredictionTable).show(None, prediction)
        self._say("facts", describe_prediction(prediction))

    def _show_report(self, report: UpdateReport) -> None:
        self.report = report
        self.session.saw_updates(report.update)
        self.query_one(PredictionTable).show(report.before, report.after)
        self._say("facts", describe_update(report))

    def _plot(self, reports: list[UpdateReport]) -> None:
        for report in reports:
            self.losses.add(report.update, report.loss, report.text)
            self.session.guide.saw_update(report)
            self.report = report

    # Predict

    def on_text_area_changed(self) -> None:
        if self._typed is not None:
            self._typed.stop()
        self._typed = self.set_timer(0.15, self._read_anew)

    def _read_anew(self) -> None:
        """What is on show is of another text."""
        self._predict()
        if self.view == PASSES:
            self._look_at_passes()

    @work(exclusive=True, group="predict")
    async def _predict(self) -> None:
        """The table with the weights as they are now, for the text as it is now."""
        if self.session.status is None or self._is_playing:
            return
        since = time.monotonic() - self._predicted_at
        if self.session.is_running(GSM8K) and since < LOOK_SECONDS:
            return
        self._predicted_at = time.monotonic()
        text = self.text
        with self.dimmed(self.query_one(PredictionTable), self.query_one("#facts")):
            prediction = await self.session.ask(Predict(text, 1), self._say_failure)
        if prediction is not None and text == self.text:
            self._show_prediction(prediction)

    def _say_failure(self, failure: Failure) -> None:
        """While typing, a sentence in the line of facts is enough."""
        if failure.traceback is not None:
            self.session.report_failure(failure)
        self._say("facts", visible(failure.sentence) + "\n")
        self.query_one(PredictionTable).clear()

    # Update

    @property
    def _is_playing(self) -> bool:
        return self.session.is_live(LOOP)

    def action_update(self) -> None:
        if self._is_playing:
            self.action_play()
        elif self.waiting >= WAITING_AT_MOST:
            self.excuse(ASKED_FOR)
        elif not self.session.refuses(Act.UPDATE):
            self._make(Update(self.text))

    def piles_up(self, what: str) -> bool:
        """Whether so many of these wait that the key is held down; then the user is told."""
        is_held = self.session.pending.count(what) >= WAITING_AT_MOST
        if is_held:
            self.excuse(ASKED_FOR)
        return is_held

    def _make(self, update: Request[UpdateReport]) -> None:
        """Have an update made and show it."""
        self.waiting += 1
        self._await_update(update)

    @work
    async def _await_update(self, update: Request[UpdateReport]) -> None:
        report = await self.session.update(update)
        self.waiting -= 1
        if report is not None:
            self._plot([report])
            self._show_report(report)
            await self.session.refresh()
            if not self.waiting:
                await self.session.ask(PrepareUndo())

    @work
    async def action_play(self) -> None:
        if self.session.is_starting(LOOP):  # a key pressed twice
            self.excuse("The updates begin after what is being done.")
            return
        if self._is_playing:
            if self.session.pending.state_of(LOOP) is None:
                self.session.stop_loop(LOOP)
            else:
                self.excuse("It stops after this update.")
            return
        await self.session.start_loop(LOOP, KeepUpdating(self.text))

    def _drain(self) -> None:
        """The updates made while playing: each a point, the last one in the table."""
        reports = [r for r in self.session.drain(LOOP) if isinstance(r, UpdateReport)]
        if reports:
            self._plot(reports)
            self._show_report(reports[-1])
