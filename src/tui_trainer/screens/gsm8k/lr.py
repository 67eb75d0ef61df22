"""The learning rate of the run that goes, by keypress."""

from dataclasses import replace
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui_trainer.protocol.loops import SetTrainingLr
from tui_trainer.screens.gsm8k.items import Gsm8kItems
from tui_trainer.screens.learning_rate import LearningRateKeys, lr_bindings
from tui_trainer.session.going_on import GSM8K as LOOP
from tui_trainer.session.pending import Asked
from tui_trainer.session.session import Session
from tui_trainer.settings.train import TrainSettings

LR = Binding.Group("lr", compact=True)


class Gsm8kLearningRate(LearningRateKeys, Gsm8kItems):
    """The part of GSM8K that changes the learning rate while the loop goes."""

    BINDINGS: ClassVar[list[BindingType]] = [*lr_bindings(LR, "from the next step on")]
    LR_TITLE = "Learning rate of this run"

    _running_with: TrainSettings

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.asked_lr = Asked[float]()

    def _show_all(self) -> None:
        """Everything on the screen anew."""
        raise NotImplementedError

    def lr_asked(self) -> float | None:
        """The highest learning rate of the schedule."""
        if not self.session.is_live(LOOP):
            self.notify("No run is going: the settings have the learning rate.", markup=False)
            return None
        asked = self.asked_lr.value
        return self._running_with.lr if asked is None else asked

    async def set_lr(self, lr: float) -> None:
        """The learning rate of this run, from its next step on."""
        with self.asked_lr.to_be(lr):
            self._show_all()
            now = await self.session.ask(SetTrainingLr(lr))
        if now is not None:
            self._running_with = replace(self._running_with, lr=now)
        self._show_all()
