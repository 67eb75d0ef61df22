"""The last line: a fault in what the app does with a key, a reply or a tick is told, and it lives.

Textual ends the app at the first exception in a handler, and with it the loop. Here the handler
alone is given up: the widget goes on with its next message, and the user sees what happened.
"""

import logging
from collections import deque
from collections.abc import Mapping
from time import monotonic
from typing import TypeVar

from rich.console import RenderableType
from textual._callback import invoke
from textual._context import active_app, active_message_pump
from textual.actions import ActionParseResult
from textual.app import App
from textual.dom import DOMNode
from textual.events import Compose, Mount
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.worker import WorkerFailed, get_current_worker

from tui_trainer.terminal.presence import has_gone, is_here
from tui_trainer.terminal.stand_in import stand_in

Return = TypeVar("Return")

log = logging.getLogger(__name__)

FAILED = 1  # the exit status
HOPELESS, HOPELESS_SECONDS = 20, 5.0
"""So many faults within so many seconds are no key's: the app can no longer be drawn."""


class LastLine(App[Return]):
    """An app that a fault of a handler does not end."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[BaseException] = []
        """All so far, oldest first."""
        self.ended_by: BaseException | None = None
        """The fault that could not be lived with."""
        self._times: deque[float] = deque(maxlen=HOPELESS)

    def tell_fault(self, error: BaseException) -> None:
        """Show the user a fault that the app lives on after."""
        raise NotImplementedError

    def _handle_exception(self, error: Exception) -> None:
        """In the place of Textual's, which ends the app and prints the values of all variables."""
        origin = active_message_pump.get(self)
        if isinstance(error, WorkerFailed):
            origin, error = get_current_worker().node, cause(error)
        if has_gone(origin):
            log.info("Late, on what has gone: %r in %r", error, origin)
            return
        self.take_in(error)

    def take_in(self, error: BaseException) -> None:
        """Log a fault whole, and tell it; end where there is no end of them."""
        log.error("A fault in the interface", exc_info=error)
        self.faults.append(error)
        self._times.append(monotonic())
        if self._running and not self._is_hopeless:
            self.call_later(self.tell_fault, error)
        else:
            self.end_by(error)

    @property
    def _is_hopeless(self) -> bool:
        times = self._times
        return len(times) == HOPELESS and times[-1] - times[0] < HOPELESS_SECONDS

    def end_by(self, error: BaseException) -> None:
        """End with status 1; whoever ran the app says why, and sees to the loop."""
        if self.ended_by is None:
            self.ended_by = error
            self._exception = error if isinstance(error, Exception) else None
            self._exception_event.set()  # for a test, which then fails
        self.exit(return_code=FAILED)

    def panic(self, *_: RenderableType) -> None:
        """Textual's word for the same; it would print what variables held."""
        self.end_by(RuntimeError("Textual gave up."))

    async def run_action(
        self,
        action: "str | ActionParseResult",
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """As Textual's; nothing is asked of what has gone, or has not come yet."""
        if default_namespace is not None and not is_here(default_namespace):
            return False
        return await super().run_action(action, default_namespace, namespaces)


def cause(error: WorkerFailed) -> Exception:
    """What failed in a coroutine that was begun with `@work`."""
    return error.error if isinstance(error.error, Exception) else error


@stand_in(Screen, "_invoke_and_clear_callbacks")
async def call_back(screen: Screen[object]) -> None:
    """Call what waited until `screen` was drawn; what one raises keeps no other from its turn.

    It was left there by any widget, or by a screen that was on top then, and may be waited for.
    Textual would take what it raises for a fault of `screen`, though what it is of has gone.
    """
    callbacks = screen._callbacks[:]
    screen._callbacks.clear()
    for callback, pump in callbacks:
        with pump._context():
            try:
                await invoke(callback)
            except Exception as error:
                screen.app._handle_exception(error)


_dispatch = MessagePump._dispatch_message


@stand_in(MessagePump, "_dispatch_message")
async def dispatch(pump: MessagePump, message: Message) -> None:
    """Give `message` to the handlers of `pump`, which takes the next one whatever they raise.

    Textual closes the queue of what has raised: it would be on the screen, and never answer.
    """
    try:
        await _dispatch(pump, message)
    except Exception as error:
        app = active_app.get(None)
        if not isinstance(app, LastLine):
            raise
        if pump is app and isinstance(message, Compose | Mount):
            app.end_by(error)  # there is no app to live on
        else:
            with pump._context():
                app._handle_exception(error)
