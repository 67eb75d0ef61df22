"""The settings of the training cell by keypress: learning rate, optimizer, mode."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, TypedDict, Unpack

from textual import work
from textual.binding import Binding, BindingType

from tui_trainer.engine.reports import LearnerStatus
from tui_trainer.engine.settings import OPTIMIZERS, read_lr
from tui_trainer.engine.typed_numbers import as_typed
from tui_trainer.screens.entry import Entry
from tui_trainer.screens.shared_text import SharedText

if TYPE_CHECKING:
    from tui_trainer.engine.engine import Engine

LADDER = (1.0, 2.0, 5.0)
SET = Binding.Group("Set", compact=True)


class Change(TypedDict, total=False):
    """What a key can change of a LearnerStatus."""

    lr: float
    optimizer: str
    training: bool


def next_lr(lr: float, up: bool) -> float:
    """The next step of 1, 2, 5, 10, 20, 50, ... above or below `lr`, from 1e-8 to 10."""
    steps = [float(f"{digit:g}e{power}") for power in range(-8, 1) for digit in LADDER] + [10.0]
    if up:
        return next((step for step in steps if step > lr * 1.001), steps[-1])
    return next((step for step in reversed(steps) if step < lr * 0.999), steps[0])


def describe_settings(status: LearnerStatus | None, waiting: int) -> str:
    """One line; `waiting` updates were asked for and are not yet made."""
    if status is None:
        return "The model is being loaded; you can type already."
    mode = "train" if status.training else "eval"
    if status.dropout == 0:
        mode += " mode (no dropout)"
    else:
        mode += f" mode (dropout {status.dropout:g} {'on' if status.training else 'off'})"
    more = f" · {waiting} waiting" if waiting > 1 else ""
    return f"lr {status.lr:g} · {status.optimizer} · {mode}{more}"


class StepSettings(SharedText):
    """The part of Step that changes what its updates are made with."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "left_square_bracket",
            "change_lr(False)",
            "Lower lr",
            key_display="[",
            id="lower-lr",
            group=SET,
        ),
        Binding(
            "right_square_bracket",
            "change_lr(True)",
            "Raise lr",
            key_display="]",
            id="raise-lr",
            group=SET,
        ),
        Binding("l", "type_lr", "Type lr", id="type-lr", tooltip="Type a learning rate", group=SET),
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

    def _show_settings(self) -> None:
        """The line that tells them."""
        raise NotImplementedError

    @work
    async def action_change_lr(self, up: bool) -> None:
        if self.session.status is not None:
            await self._set_lr(next_lr(self.session.status.lr, up))

    @work
    async def action_type_lr(self) -> None:
        if self.session.status is None:
            return
        now = as_typed(self.session.status.lr)
        lr = await self.app.push_screen_wait(Entry("Learning rate", now, read_lr))
        if lr is not None:
            await self._set_lr(lr)

    async def _set_lr(self, lr: float) -> None:
        await self._set(lambda engine: engine.set_lr(lr), lr=lr)

    @work
    async def action_optimizer(self) -> None:
        if self.session.status is not None:
            index = OPTIMIZERS.index(self.session.status.optimizer)
            name = OPTIMIZERS[(index + 1) % len(OPTIMIZERS)]
            await self._set(lambda engine: engine.set_optimizer(name), optimizer=name)

    @work
    async def action_mode(self) -> None:
        if self.session.status is not None:
            training = not self.session.status.training
            await self._set(lambda engine: engine.set_training(training), training=training)

    async def _set(
        self,
        request: "Callable[[Engine], LearnerStatus]",
        **change: Unpack[Change],
    ) -> None:
        """Change a setting of the next update; it is told before the one being made has ended.

        So a key pressed again goes on from there.
        """
        if self.session.status is not None:
            self.session.status = replace(self.session.status, **change)
            self._show_settings()
        await self.session.change(request, "Setting")
