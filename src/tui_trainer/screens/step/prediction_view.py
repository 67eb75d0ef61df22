"""What the model predicts for the text, with the weights as they are now."""

import time
from collections.abc import Callable

from textual import work
from textual.content import Content
from textual.widgets import Static

from tui_trainer.failures import Failure
from tui_trainer.protocol.loop_names import GSM8K, STEP
from tui_trainer.protocol.predictions import Predict
from tui_trainer.reports.updates import UpdateReport
from tui_trainer.screens.step.words import describe_prediction, describe_update
from tui_trainer.session.session import Session
from tui_trainer.widgets.dimmed import dimmed
from tui_trainer.widgets.prediction_table import PredictionTable

FOLLOW_SECONDS = 0.5  # how often what is on show follows a loop that trains the model


class PredictionView(PredictionTable):
    """A row a position, and two lines of facts above; after an update, before it and after it."""

    def __init__(
        self, session: Session, text: Callable[[], str], facts: Static, *, id: str
    ) -> None:
        super().__init__(id=id)
        self._session, self._text, self._facts = session, text, facts
        self._asked_at = 0.0
        self.update_made: UpdateReport | None = None
        """The last update; None before the first, after an undo, and for another's updates."""

    def show_update(self, report: UpdateReport) -> None:
        """It has what the model predicts now: nothing is asked for."""
        self.update_made = report
        self.show(report.before, report.after)
        self._say(describe_update(report))

    def forget_update(self) -> None:
        """It was undone, or the weights are others."""
        self.update_made = None

    def follow(self) -> None:
        """Show the weights as they are now, unless they are those of the update on show."""
        status, update = self._session.status, self.update_made
        if status is None or update is None or update.update != status.updates:
            self.predict()

    @work(exclusive=True, group="predict")
    async def predict(self) -> None:
        """With the weights as they are now, for the text as it is now."""
        if self._session.status is None or self._session.is_live(STEP):
            return
        since = time.monotonic() - self._asked_at
        if self._session.is_running(GSM8K) and since < FOLLOW_SECONDS:
            return
        self._asked_at = time.monotonic()
        text = self._text()
        with dimmed(self, self._facts):
            prediction = await self._session.ask(Predict(text, 1), self._refuse)
        if prediction is not None and text == self._text():
            self.show(None, prediction)
            self._say(describe_prediction(prediction))

    def _refuse(self, failure: Failure) -> None:
        """While typing, a sentence in the lines of facts is enough."""
        self._say(self._session.sentence_of(failure) + "\n")
        self.clear()

    def _say(self, lines: str) -> None:
        self._facts.update(Content(lines), layout=False)
