"""The learning rate of the run that goes, by keypress."""

from dataclasses import replace
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_trainer.engine.settings import TrainSettings, read_lr
from tui_trainer.engine.typed_numbers import as_typed
from tui_trainer.screens.entry import Entry
from tui_trainer.screens.going_on import GSM8K as LOOP
from tui_trainer.screens.gsm8k_items import Gsm8kItems
from tui_trainer.screens.step_settings import next_lr

LR = Binding.Group("lr", compact=True)


class Gsm8kLearningRate(Gsm8kItems):
    """The part of GSM8K that changes the learning rate while the loop goes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "left_square_bracket",
            "change_lr(False)",
            "Lower lr",
            key_display="[",
            id="lower-lr",
            tooltip="Lower the learning rate from the next step",
            group=LR,
        ),
        Binding(
            "right_square_bracket",
            "change_lr(True)",
            "Raise lr",
            key_display="]",
            id="raise-lr",
            tooltip="Raise the learning rate from the next step",
            group=LR,
        ),
        Binding(
            "l",
            "type_lr",
            "Type lr",
            id="type-lr",
            tooltip="Type the learning rate of the next steps",
            group=LR,
        ),
    ]

    _running_with: TrainSettings

    def _show_all(self) -> None:
        """Everything on the screen anew."""
        raise NotImplementedError

    @work
    async def action_change_lr(self, up: bool) -> None:
        if (lr := self._run_lr()) is not None:
            await self._set_lr(next_lr(lr, up))

    @work
    async def action_type_lr(self) -> None:
        if (now := self._run_lr()) is None:
            return
        lr = await self.app.push_screen_wait(
            Entry("Learning rate of this run", as_typed(now), read_lr)
        )
        if lr is not None:
            await self._set_lr(lr)

    def _run_lr(self) -> float | None:
        """The highest learning rate of the schedule; None, and a word, where no run goes."""
        if not self.session.is_live(LOOP):
            self.notify("No run is going: the settings have the learning rate.", markup=False)
            return None
        return self._running_with.lr

    async def _set_lr(self, lr: float) -> None:
        """The learning rate of this run, from its next step on."""
        # At once: the key may be pressed again before the step that is being made has ended.
        self._running_with = replace(self._running_with, lr=lr)
        self._show_all()
        await self.session.ask(lambda engine: engine.set_training_lr(lr), "Setting lr")
