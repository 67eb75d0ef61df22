"""A model is loaded in the place of the one before, with what is configured for its updates."""

import asyncio
from typing import TYPE_CHECKING

from tui_trainer.protocol.models import LoadModel, LoadTokenizer
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.reports.tokens import TokenizerReport
from tui_trainer.session.cell import cell_settings, changes
from tui_trainer.session.leaving import LOAD, Leaving, leave_weights
from tui_trainer.settings.cell import CellSettings
from tui_trainer.settings.model import ModelChoice
from tui_trainer.terminal_text import visible
from tui_trainer.words.loaded import describe_loaded

if TYPE_CHECKING:
    from tui_trainer.session.session import Session

ROOM_WAS_MADE = (
    "No model is loaded now: the one before had to make room, since memory does not hold both. "
    "Press m and pick one."
)
AS_LAST_TIME = "Again the model of last time, {name}: m picks another."
GONE = "{name}, the model of last time, was not loaded: here is the built-in one. m picks another."


class ModelLoading:
    """Loads models for the session."""

    def __init__(self, session: "Session") -> None:
        self._session = session

    async def load_first(self, asked: ModelChoice, choice: ModelChoice) -> None:
        """What the start loads: what was asked for, or `choice`, which is that of last time.

        That may be gone by now, or need what was a flag then.
        """
        app, name = self._session.app, describe_loaded(choice.source)
        is_there = await self.load(choice)
        if choice == asked:
            return
        if is_there:
            app.notify(AS_LAST_TIME.format(name=name), markup=False)
        elif not self._session.device_lost:
            app.notify(GONE.format(name=name), severity="warning", markup=False, timeout=10)
            await self.load(asked)

    async def load(self, choice: ModelChoice, leaving: Leaving = LOAD) -> bool:
        """Load a tokenizer, so that Tokens can be used, and then its model.

        False where the model was not loaded, which the user was told. What that would lose is asked
        about first, as `leaving` has it.
        """
        session = self._session
        is_first = session.status is None and session.loading_choice is None
        if not is_first and not await leave_weights(session, leaving):
            return False
        before, session.choice = (session.choice, session.tokenizer), choice
        session.loading_choice = choice
        try:
            status = await self._load(choice)
        finally:
            session.loading_choice = session.loading = None
            session.app.refresh_bindings()
        if status is not None:
            session.publish(status)
            session.kept.keep_model(choice.source)
            self._tell_notes(status)
            return True
        await session.refresh()  # a model that had to make room is not there any more
        if session.status is None and not is_first:
            session.app.notify(ROOM_WAS_MADE, severity="warning", markup=False, timeout=10)
        if session.status is not None:
            session.choice, tokenizer = before
            if tokenizer != session.tokenizer:
                self.publish_tokenizer(tokenizer)
        return False

    async def _load(self, choice: ModelChoice) -> LearnerStatus | None:
        session = self._session
        ready = await session.ask(LoadTokenizer(choice.source))
        if ready is not None or session.tokenizer is None:
            self.publish_tokenizer(ready)
        if ready is None:
            return None
        # Tokens may ask first: the thread is busy for as long as the model loads.
        await asyncio.sleep(0)
        status = await session.ask(LoadModel(choice))
        return status and await self._set_as_configured(status)

    async def _set_as_configured(self, status: LearnerStatus) -> LearnerStatus:
        """A fresh Learner has what is usual: what is configured is set where it is another."""
        configured = self._session.configuration.settings(CellSettings)
        for request in changes(cell_settings(status), configured):
            status = await self._session.ask(request) or status
        return status

    def _tell_notes(self, status: LearnerStatus) -> None:
        """What loading the model had to say."""
        for note in status.model.notes:
            self._session.app.notify(visible(note), severity="warning", markup=False, timeout=10)

    def publish_tokenizer(self, tokenizer: TokenizerReport | None) -> None:
        self._session.tokenizer = tokenizer
        self._session.tokenizer_changed.publish(tokenizer)
