"""What the model predicts for the text, with the weights as they are now."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import work
from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget

from tui_trainer.failures import Failure
from tui_trainer.protocol.loop_names import GSM8K, STEP
from tui_trainer.protocol.predictions import Predict
from tui_trainer.reports.predictions import Position, Prediction
from tui_trainer.reports.updates import UpdateReport
from tui_trainer.screens.step.prediction_words import columns_for, describe_right, position_cells
from tui_trainer.screens.step.update_losses import UpdateLosses
from tui_trainer.screens.step.view import View
from tui_trainer.session.session import Session
from tui_trainer.widgets.dimmed import dimmed
from tui_trainer.widgets.line_table import LineTable

FOLLOW_SECONDS = 0.5  # how often what is on show follows a loop that trains the model


class PredictionView(View):
    """A row a position; after an update, before it and after it."""

    @dataclass
    class Changed(Message):
        """It shows something else: an update, a prediction, or that there is none."""

    def __init__(
        self,
        session: Session,
        text: Callable[[], str],
        made: UpdateLosses,
        facts: tuple[Widget, ...],
        *,
        id: str,
    ) -> None:
        super().__init__(title="predictions", hint="before ▰▰▱ after", id=id)
        self._session, self._text, self._facts, self._made = session, text, facts, made
        self._asked_at = 0.0
        self.update_made: UpdateReport | None = None
        """The last update; None before the first, after an undo, and for another's updates."""
        self.prediction: Prediction | None = None
        """With the weights as they are now, for the text as it is now; None where there is none."""
        self._before: Prediction | None = None
        self.update_on_show: UpdateReport | None = None
        """The last update, while it is what is on show."""
        self.refused = ""
        """Why there is none, in a sentence."""

    def compose(self) -> ComposeResult:
        yield LineTable(id="positions")

    def show_update(self, report: UpdateReport) -> None:
        """It has what the model predicts now: nothing is asked for."""
        self.update_made = self.update_on_show = report
        self._show(report.before, report.after)

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
        beside_loop = self._session.is_running(GSM8K)
        if beside_loop and since < FOLLOW_SECONDS:
            return
        self._asked_at = time.monotonic()
        text, now = self._text(), self.prediction
        following = beside_loop and now is not None and now.text == text
        with dimmed(self, *self._facts, following=following):
            prediction = await self._session.ask(Predict(text, 1), self._refuse)
        if prediction is not None and text == self._text():
            self.update_on_show = None
            self._show(None, prediction)

    def _show(self, before: Prediction | None, after: Prediction) -> None:
        """Show `after`; beside it `before` where there is one of the same tokens."""
        if before is not None and len(before.positions) != len(after.positions):
            before = None
        self._before, self.prediction, self.refused = before, after, ""
        self._draw()
        self.post_message(self.Changed())

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        table, before, after = self.query_one(LineTable), self._before, self.prediction
        if after is None:
            self.figure = ""
            table.show((), 0, lambda _row: ())
            return
        self.figure = describe_right(after)
        columns, cells = columns_for(table.scrollable_content_region.width)
        nothing = (None,) * len(after.positions)
        earlier: Sequence[Position | None] = nothing if before is None else before.positions
        table.show(
            columns,
            len(after.positions),
            lambda row: position_cells(
                earlier[row], after.positions[row], cells, self._history_of(row)
            ),
        )

    def _history_of(self, row: int) -> list[float]:
        """Only beside an update: what another text would be told of is not known."""
        made = self.update_on_show
        return [] if made is None else self._made.positions.of(row, made.update)

    def _refuse(self, failure: Failure) -> None:
        """While typing, a sentence below the text is enough."""
        self.prediction = self.update_on_show = None
        self.refused = self._session.sentence_of(failure)
        self._draw()
        self.post_message(self.Changed())
