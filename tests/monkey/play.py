"""One app after another, given actions until something is wrong with it."""

import asyncio
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual._xterm_parser import XTermParser
from textual.app import App
from textual.driver import Driver
from textual.drivers import linux_driver
from textual.drivers.headless_driver import HeadlessDriver
from textual.events import Resize
from textual.geometry import Size

from tests.known import present
from tests.monkey.actions import Action
from tests.monkey.engine import make_engine
from tui_trainer.app import TuiTrainer
from tui_trainer.failures import Failure
from tui_trainer.protocol.models import ReadStatus
from tui_trainer.settings.model import ModelChoice
from tui_trainer.worker import in_this_process

HANG_SECONDS = 10.0
"""How long the app may take for what it alone has to do."""
BUSY_SECONDS = 30.0
"""How long a request may wait for another one's work, a model that is loaded among it."""


POLL_SECONDS = 0.001


@dataclass(frozen=True)
class Wrong:
    """What went wrong, after how many of the actions."""

    what: str
    """One line that is the same each time."""
    details: str
    after: int


Beat = Callable[[Action | None], None]


def unheard(_: Action | None) -> None:
    """Nobody watches."""


class Keyboard(HeadlessDriver):
    """A terminal that draws for nobody, and reads as the real one does."""

    @property
    def is_headless(self) -> bool:
        return False

    def __init__(
        self,
        app: App[object],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._parser = XTermParser()
        self._decode = vars(linux_driver)["getincrementaldecoder"]("utf-8")().decode

    def type(self, data: bytes) -> None:
        if text := self._decode(data):
            for event in self._parser.feed(text):
                self.process_message(event)

    def tick(self) -> None:
        for event in self._parser.tick():
            self.process_message(event)


class MonkeysApp(TuiTrainer):
    """On that terminal; `told` hears of every fault of the worker."""

    def __init__(self, model: str, told: Callable[[Failure], None]) -> None:
        super().__init__(ModelChoice(model), in_this_process(make_engine))
        self._told = told

    def get_driver_class(self) -> type[Driver]:
        return Keyboard

    def hear_signals(self, *, is_view: bool) -> None:
        """What a signal asks to end is the monkey, and not one app of many."""

    def _show_failure(self, failure: Failure) -> None:
        self._told(failure)
        super()._show_failure(failure)


class Episode:
    """One life of the app."""

    def __init__(self, model: str, beat: Beat = unheard) -> None:
        self._beat = beat
        """Called before each action, and with None where keys of one were used: where it is not
        for long, the app does not come back."""
        self.app = MonkeysApp(model, self._hear)
        self._wrong: list[tuple[str, str]] = []

    def _hear(self, failure: Failure) -> None:
        trace = present(failure.traceback)
        self._fault(last_line(trace), trace)

    def _fault(self, what: str, details: str) -> None:
        self._wrong.append((what, details))

    async def run(self, actions: Sequence[Action]) -> tuple[int, Wrong | None]:
        """How many actions were made, and what was wrong."""
        asyncio.get_running_loop().set_exception_handler(self._lost)
        life = asyncio.create_task(self.app.run_async(size=(80, 24)))
        made = 0
        try:
            await self._until(lambda: self.app.session.status is not None, BUSY_SECONDS, "loading")
            for action in actions:
                if life.done() or self.app._exit or self._found():
                    break
                made += 1
                self._beat(action)
                await self._act(action)
            await self._check_worker()
        except TimeoutError as error:
            self._fault(str(error), stacks())
        if not life.done():
            self.app.exit(0)
        try:
            await self._until(life.done, HANG_SECONDS, "")
        except TimeoutError:
            self._fault("the app does not end", stacks())
        if not await asyncio.to_thread(self.app.worker.stop, BUSY_SECONDS):
            self._fault("the worker does not end", stacks())
        return made, self._found(made)

    def _lost(self, _: object, context: dict[str, object]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException):
            self._fault(f"lost: {error!r}", "".join(traceback.format_exception(error)))

    def _found(self, made: int = 0) -> Wrong | None:
        for fault in self.app.faults:
            details = "".join(traceback.format_exception(fault))
            return Wrong(last_line(details), details, made)
        return Wrong(*self._wrong[0], made) if self._wrong else None

    async def _act(self, action: Action) -> None:
        app, keyboard = self.app, self.app._driver
        assert isinstance(keyboard, Keyboard)
        if action.size is not None:
            keyboard._size = Size(*action.size)
            app.post_message(Resize(keyboard._size, keyboard._size))
        keyboard.tick()
        keyboard.type(action.data)
        await asyncio.sleep(action.rest)
        left = app._input.__len__  # a text that is typed is hundreds of keys, each with its work
        await self._until(self._is_read, HANG_SECONDS, "its input is not used", left)

    def _is_read(self) -> bool:
        app = self.app
        idle = not app._input and app._awaited is None and not app._message_queue.qsize()
        return idle or app._exit

    async def _check_worker(self) -> None:
        """It answers once it has done what it is doing."""
        if not self.app._exit:
            answer = self.app.worker.ask(ReadStatus())
            await self._until(answer.done, BUSY_SECONDS, "the worker does not answer")

    async def _until(
        self,
        condition: Callable[[], object],
        seconds: float,
        what: str,
        left: Callable[[], int] = lambda: 0,
    ) -> None:
        """Wait, for so long at most in which what is `left` to do does not change.

        Time is counted by what this process gets of it: others may have the machine.
        """
        polls, cpu, before = seconds / POLL_SECONDS, time.thread_time(), left()
        while not condition():
            if (now := left()) != before:
                polls, cpu, before = seconds / POLL_SECONDS, time.thread_time(), now
                self._beat(None)
            polls -= 1
            if polls < 0 or time.thread_time() - cpu > seconds:
                raise TimeoutError(what)
            await asyncio.sleep(POLL_SECONDS)


def last_line(trace: str) -> str:
    """The error and where it was raised, whatever the values in it."""
    lines = [line.strip() for line in trace.strip().splitlines()]
    places = [line for line in lines if line.startswith("File ")]
    kind = lines[-1].split(":")[0]
    return f"{kind} at {places[-1]}" if places else kind


def stacks() -> str:
    """Where every thread is."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return "\n".join(
        f"{names.get(ident)}:\n{''.join(traceback.format_stack(frame))}"
        for ident, frame in sys._current_frames().items()
    )
