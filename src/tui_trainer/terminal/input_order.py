"""Keys, pastes and clicks one after another: the next is looked at when the one before is done.

Textual hands a key to what has the focus, which may use it at once (a letter in a text box); what
it does not use goes up from widget to screen to app, through the queue of each, and only there its
binding runs. So of `ctrl+u` and `a` that come in one read the letter was first; and of `m` and
`enter` the second was for the screen below the dialog.
"""

import asyncio
from collections import deque
from functools import partial
from time import monotonic
from typing import TypeVar

from textual.app import App
from textual.await_complete import AwaitComplete
from textual.errors import NoWidget
from textual.events import Event, InputEvent, Key, MouseEvent, MouseMove, Paste
from textual.message import Message
from textual.message_pump import MessagePump
from textual.widget import Widget

from tui_trainer.terminal.presence import has_gone

Return = TypeVar("Return")

LOOK_SECONDS = 0.05
"""How long to wait before looking whether what is awaited can still come. It takes a millisecond
where the machine is not busy."""
MOST_SECONDS = 5.0
"""After so long the next key is looked at all the same."""


class Settled(Message):
    """Sent after a key, on its way: who hears of it knows that the key has been used."""


class InputInOrder(App[Return]):
    """An app that takes its input in order, and none that was for a dialog that has closed."""

    def __init__(self) -> None:
        super().__init__()
        self._input: deque[Event] = deque()
        """What has come and was not looked at yet, oldest first."""
        self._awaited: Settled | None = None
        """What the next waits for."""
        self._typing: MessagePump | None = None
        """Whom a letter was sent to that may still be on its way."""
        self._left = 0.0
        """When a screen was last left, by the clock of the events."""

    async def on_event(self, event: Event) -> None:
        """Input waits its turn; what has bubbled up, and all else, is as with Textual."""
        is_input = isinstance(event, InputEvent | Paste) and not event.is_forwarded
        is_busy = self._awaited is not None or self._input
        if not is_input or (isinstance(event, MouseMove) and not is_busy):
            await super().on_event(event)
            return
        if isinstance(event, MouseMove) and self._input and isinstance(self._input[-1], MouseMove):
            self._input.pop()  # only the last place of a moved mouse matters
        self._input.append(event)
        await self._take_next()

    async def _take_next(self) -> None:
        while self._input and self._awaited is None and not self._exit:
            if not self.screen.is_mounted:  # its keys wait for what will have the focus there
                self._follow(self.screen)
                return
            if self._typing is not None and not self._is_text(self._input[0]):
                self._follow(self._typing)  # a key of priority would be before the letters
                return
            event = self._input.popleft()
            try:
                await self._use(event)
            except Exception:
                self.call_later(self._take_next)  # what waits behind it is not its fault
                raise

    async def _use(self, event: Event) -> None:
        if event.time < self._left:
            return
        target = self._target(event)
        await super().on_event(event)
        if is_text(event, target):
            self._typing = target
        else:
            self._follow(target)

    def _is_text(self, event: Event) -> bool:
        return is_text(event, self._target(event))

    def _target(self, event: Event) -> MessagePump:
        """Who gets it first."""
        if not isinstance(event, MouseEvent):
            return self.focused or self.screen
        try:
            return self.get_widget_at(event.x, event.y)[0]
        except NoWidget:
            return self.screen

    def _follow(self, target: MessagePump) -> None:
        """Wait until what was sent to `target` has been used, there or further up."""
        self._awaited, self._typing = Settled(), None
        target.post_message(self._awaited)
        self._look_after(self._awaited, target, MOST_SECONDS)

    def _look_after(self, awaited: Settled, target: MessagePump, seconds: float) -> None:
        """A widget that is taken away loses what was on its way through it."""
        if awaited is not self._awaited:
            return
        if has_gone(target) or seconds <= 0:
            self.post_message(awaited)
            return
        later = partial(self._look_after, awaited, target, seconds - LOOK_SECONDS)
        asyncio.get_running_loop().call_later(LOOK_SECONDS, later)

    def on_settled(self, message: Settled) -> None:
        """What the key's action asked of the app, to move the focus say, is before this in line."""
        if message is self._awaited:
            self.call_later(self._go_on, message)

    async def _go_on(self, message: Settled) -> None:
        if message is self._awaited:
            await asyncio.sleep(0)  # what the key began begins: it may open a dialog
            self._awaited = None
            await self._take_next()

    def pop_screen(self) -> AwaitComplete:
        """What was typed until now was meant for the screen that goes, and belongs to nobody."""
        self._left = monotonic()
        return super().pop_screen()


def is_text(event: Event, target: MessagePump) -> bool:
    """Whether `target` types it: then what comes next is behind it in the same queue anyway.

    Waiting after each would draw the screen for every letter of a text that is pasted as keys.
    """
    return (
        isinstance(event, Key)
        and isinstance(target, Widget)
        and target.check_consume_key(event.key, event.character)
    )
