"""What no file has of the weights, and writing it where it belongs."""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.notifications import SeverityLevel

from tui_trainer.protocol.events import LoopState
from tui_trainer.protocol.keeping import Save
from tui_trainer.protocol.loop_names import GSM8K, TRAINING_LOOPS
from tui_trainer.reports.runs import CheckpointReport, Kept
from tui_trainer.runs.home import is_run, runs_home
from tui_trainer.session.saved_run import Saved, SavedRun, describe_saved

if TYPE_CHECKING:
    from tui_trainer.session.session import Session

HEARD_SECONDS = 0.01


class Saving:
    """Of the weights that the worker has now."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self.at_the_end = Kept()
        """What was saved when the user left the app, for the terminal: the screen is gone then."""
        self._is_last = False
        self.detaches = False
        """Whether the user leaves the engine to go on without this view."""

    async def unsaved(self) -> int:
        """How many updates no file has and one could have; at least 1 while the weights may be
        changing."""
        session = self._session
        if session.device_lost:
            return 0
        if session.is_training or session.changing:
            return max(1, session.status.unsaved if session.status else 0)
        if session.changes_told < session.changes:
            await session.refresh()
        return 0 if session.status is None else session.status.unsaved

    async def save(self) -> bool:
        """Write the weights where they belong; False where that failed, which the user was told."""
        return self._heard(await self._session.ask(Save()))

    async def save_and_end(self) -> bool:
        """Save as `end_training` does, before the app ends; what came of it is told after that."""
        self._is_last = True
        try:
            return await self.end_training(save=True)
        finally:
            self._is_last = False

    async def end_training(self, *, save: bool) -> bool:
        """End the loops that train, and with `save` write the weights as they are then.

        False where they cannot be written, which the user was told: the loop is paused then.
        """
        session = self._session
        live = [name for name in TRAINING_LOOPS if session.is_live(name)]
        if not live:
            return await self.save() if save else True
        for name in live[1:] if save else live:
            session.stop_loop(name)
        if save:
            ended = session.worker.end_loop(live[0], Save())
            session.pending.ask_state(live[0], LoopState.STOPPED)
            kept = await session.reply(ended, Save.doing)
            if not self._heard(kept):
                return False
        while any(session.is_live(name) for name in live):  # that they ended is on its way here
            await asyncio.sleep(HEARD_SECONDS)
        return True

    def saw_runs(self, names: Collection[str]) -> None:
        """Which runs there are, as they were listed: the one that ended last may be gone by now."""
        saved = self._session.saved
        if saved is None or saved.name in names or self._session.is_live(GSM8K):
            return
        if not is_run(runs_home() / saved.name):  # else it is younger than the list
            self._session.saved = replace(saved, is_deleted=True)

    def _heard(self, kept: Kept | None) -> bool:
        """Tell what came of a save; None where it failed."""
        if kept is None:
            return False
        self.tell(kept.checkpoint or kept.model)
        if self._is_last:
            self.at_the_end = kept
        self._session.changes += 1
        return True

    def saw(self, saved: Saved | None) -> None:
        """Take in where the weights are."""
        if isinstance(saved, CheckpointReport) and saved.failure is None:
            self._session.saved = SavedRun(saved.run, saved.step, saved.step)

    def tell(self, saved: Saved | None) -> None:
        """Tell where the weights are, or why not."""
        self.saw(saved)
        failed = isinstance(saved, CheckpointReport) and saved.failure is not None
        severity: SeverityLevel = "error" if failed else "information"
        self._session.app.notify(describe_saved(saved), severity=severity, markup=False, timeout=10)
