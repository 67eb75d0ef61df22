"""What every dialog is made of: it is left once, and what comes after that belongs to nobody."""

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import ModalScreen

from tui_trainer.terminal.input_order import Settled

Result = TypeVar("Result")


class LeftOnce(MessagePump):
    """The rule, for whatever is pushed on top of a screen and is left again.

    Several keys may come in one read: the second is on its way to the dialog before the first has
    closed it. Textual would then close what is below too, or find nothing to close and end the app.
    """

    is_left = False

    def leaves(self) -> bool:
        """Whether it may be left now: it is on top, and was not left before."""
        top = next(reversed(self.app.screen_stack), None)
        if self.is_left or top is not self:
            return False
        self.is_left = True
        return True

    async def _on_message(self, message: Message) -> None:
        """Keys and what its widgets say bubble, and are for nobody now; the rest tidies up."""
        if not (self.is_left and message.bubble) or isinstance(message, Settled):
            await super()._on_message(message)


class Dialog(LeftOnce, ModalScreen[Result]):
    """A dialog; gives back a result to `push_screen_wait`."""

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Leave with `result`; does nothing where that was done, or another dialog is on top."""
        return super().dismiss(result) if self.leaves() else AwaitComplete.nothing()
