"""A fork on Step: the next update at three learning rates, of which one is picked or none."""

from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_trainer.protocol.updates import UpdateAt
from tui_trainer.screens.step.fork_dialog import ForkDialog
from tui_trainer.screens.step.history import StepHistory
from tui_trainer.screens.step.updates import UPDATES
from tui_trainer.session.going_on import Act


class StepFork(StepHistory):
    """The part of Step that tries before it updates."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "f",
            "fork",
            "Fork",
            id="fork",
            tooltip="Try the next update at three learning rates, pick one",
            group=UPDATES,
        ),
    ]

    @work
    async def action_fork(self) -> None:
        if self.session.refuses(Act.UPDATE):
            return
        text = self.text
        lr = await self.app.push_screen_wait(ForkDialog(self.session, text))
        if lr is not None and not self.session.refuses(Act.UPDATE):
            self._make(UpdateAt(text, lr))
            self.notify(f"The learning rate is {lr:.4g} now, the one you picked.", markup=False)
