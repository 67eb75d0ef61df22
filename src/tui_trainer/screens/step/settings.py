"""The settings of the training cell by keypress: learning rate, optimizer, mode."""

from dataclasses import replace
from typing import ClassVar, TypedDict, Unpack

from textual import work
from textual.binding import Binding, BindingType

from tui_trainer.protocol.request import Request
from tui_trainer.protocol.updates import SetLr, SetOptimizer, SetTraining
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.screens.learning_rate import LearningRateKeys, lr_bindings
from tui_trainer.screens.shared_text import SharedText
from tui_trainer.session.pending import Asked
from tui_trainer.session.session import Session
from tui_trainer.settings.train import OPTIMIZERS

SET = Binding.Group("Set", compact=True)


class Change(TypedDict, total=False):
    """What a key can change of a LearnerStatus."""

    lr: float
    optimizer: str
    training: bool


def describe_settings(
    status: LearnerStatus | None, waiting: int, asked: LearnerStatus | None = None
) -> str:
    """One line; `waiting` updates were asked for and are not yet made.

    `asked` has the settings as they will be once the worker comes to it.
    """
    if status is None:
        return "The model is being loaded; you can type already."
    asked = asked or status
    lr = _becoming(f"{status.lr:g}", f"{asked.lr:g}")
    optimizer = _becoming(status.optimizer, asked.optimizer)
    mode = f"{_becoming(_mode(status), _mode(asked))} mode"
    dropout = "no dropout"
    if status.dropout:
        dropout = f"dropout {status.dropout:g} {'on' if status.training else 'off'}"
    more = f" · {waiting} waiting" if waiting > 1 else ""
    return f"lr {lr} · {optimizer} · {mode} ({dropout}){more}"


def _mode(status: LearnerStatus) -> str:
    return "train" if status.training else "eval"


def _becoming(now: str, asked: str) -> str:
    """What is, and what it was asked to become where that is something else."""
    return now if now == asked else f"{now} → {asked}"


class StepSettings(LearningRateKeys, SharedText):
    """The part of Step that changes what its updates are made with."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *lr_bindings(SET, "of the next update"),
        Binding(
            "o",
            "optimizer",
            "Optimizer",
            id="optimizer",
            tooltip="AdamW or SGD, a fresh one",
            group=SET,
        ),
        Binding(
            "t",
            "mode",
            "Mode",
            id="mode",
            tooltip="Train mode (dropout on) or eval mode",
            group=SET,
        ),
        Binding(
            "d",
            "dropout",
            "Dropout",
            id="dropout",
            tooltip="Dropout of train mode, and two forward passes in each mode",
            group=SET,
        ),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.asked = Asked[LearnerStatus]()

    def _show_settings(self) -> None:
        """The line that tells them."""
        raise NotImplementedError

    def lr_asked(self) -> float | None:
        return None if self._wanted is None else self._wanted.lr

    async def set_lr(self, lr: float) -> None:
        await self._set(SetLr(lr), lr=lr)

    @property
    def _wanted(self) -> LearnerStatus | None:
        """The settings with what was asked for, which a key goes on from; None without a model."""
        return self.asked.value or self.session.status

    @work
    async def action_optimizer(self) -> None:
        if self._wanted is not None:
            index = OPTIMIZERS.index(self._wanted.optimizer)
            name = OPTIMIZERS[(index + 1) % len(OPTIMIZERS)]
            await self._set(SetOptimizer(name), optimizer=name)

    @work
    async def action_mode(self) -> None:
        if self._wanted is not None:
            training = not self._wanted.training
            await self._set(SetTraining(training), training=training)

    async def _set(
        self,
        request: Request[LearnerStatus],
        **change: Unpack[Change],
    ) -> None:
        """Change a setting of the next update; that it will is told before it has."""
        if self._wanted is None:
            return
        with self.asked.to_be(replace(self._wanted, **change)):
            self._show_settings()
            await self.session.change(request)
        self._show_settings()
