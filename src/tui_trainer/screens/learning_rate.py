"""The keys of a learning rate: a step lower, a step higher, or typed."""

from collections.abc import Awaitable, Callable

from textual.binding import Binding

from tui_trainer.screens.dialogs.entry import Entry
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.settings.train import read_lr
from tui_trainer.settings.typed_numbers import lr_as_typed
from tui_trainer.widgets.keys import key

SETTINGS = "Settings"
"""The heading of what changes how the next update is made."""
LADDER = (1.0, 2.0, 5.0)


def next_lr(lr: float, up: bool) -> float:
    """The next step of 1, 2, 5, 10, 20, 50, ... above or below `lr`, from 1e-8 to 10."""
    steps = [float(f"{digit:g}e{power}") for power in range(-8, 1) for digit in LADDER] + [10.0]
    if up:
        return next((step for step in steps if step > lr * 1.001), steps[-1])
    return next((step for step in reversed(steps) if step < lr * 0.999), steps[0])


def lr_bindings(what: str, main: int) -> tuple[Binding, Binding, Binding]:
    """The three keys; `what` says whose rate they change, and from when on."""
    lower = key(
        "left_square_bracket",
        "change_lr(False)",
        "lower lr",
        f"Lower the learning rate {what}",
        SETTINGS,
        main=main,
        pair="lr",
        drawn="[",
        id="lower-lr",
    )
    higher = key(
        "right_square_bracket",
        "change_lr(True)",
        "raise lr",
        f"Raise the learning rate {what}",
        SETTINGS,
        main=main,
        pair="lr",
        drawn="]",
        id="raise-lr",
    )
    return lower, higher, key("l", "type_lr", "type lr", f"Type the learning rate {what}", SETTINGS)


class LearningRate:
    """A learning rate under its keys, for a screen that takes `lr_bindings` among its own."""

    def __init__(
        self,
        screen: WorkScreen,
        whose: str,
        *,
        asked: Callable[[], float | None],
        ask: Callable[[float], Awaitable[None]],
    ) -> None:
        """`whose` it is: the sentence above what is typed. `asked` is the rate that a key goes on
        from, one that is only asked for included: None where there is none to change, which the
        user was told where that needs a word. `ask` asks for another one, and tells where it
        cannot be had."""
        self._screen = screen
        self._whose = whose
        self._asked, self._ask = asked, ask

    async def change(self, up: bool) -> None:
        """A step higher or lower."""
        if (lr := self._asked()) is not None:
            await self._ask(next_lr(lr, up))

    async def type(self) -> None:
        """To what the user types."""
        if (now := self._asked()) is None:
            return
        entry = Entry("learning rate", self._whose, lr_as_typed(now), read_lr)
        if (lr := await self._screen.app.push_screen_wait(entry)) is not None:
            await self._ask(lr)
