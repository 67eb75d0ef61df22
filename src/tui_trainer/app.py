"""The app: its screens, its one worker, its status line. It wires and does little else."""

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message
from textual.notifications import Notify, SeverityLevel
from textual.screen import Screen

import tui_trainer.terminal.textual_faults  # noqa: F401 - mends them
from tui_trainer.ending import end_worker
from tui_trainer.failures import Failure, describe_failure
from tui_trainer.logs import log_path, log_to_file
from tui_trainer.protocol.events import Event, LoopChanged
from tui_trainer.protocol.keeping import Save
from tui_trainer.protocol.models import Reload
from tui_trainer.reports.progress import Progress
from tui_trainer.say import say
from tui_trainer.screens.dialogs.failure import FailureDialog, FaultDialog
from tui_trainer.screens.dialogs.help import HelpDialog
from tui_trainer.screens.dialogs.model_picker import ModelPicker
from tui_trainer.screens.dialogs.palette import Palette
from tui_trainer.screens.dialogs.question import QuestionDialog
from tui_trainer.screens.work_screen import SAVE, SAVE_TOOLTIP, WorkScreen
from tui_trainer.session.going_on import LOADING, NO_MODEL
from tui_trainer.session.leaving import QUIT, RELOAD, leave_weights
from tui_trainer.session.questions import Question
from tui_trainer.session.session import Session
from tui_trainer.settings.train import ModelChoice
from tui_trainer.signals import Heard, Patience, exit_status, heard_after
from tui_trainer.terminal.driver import TerminalDriver, has_shell
from tui_trainer.terminal.input_order import InputInOrder
from tui_trainer.terminal.last_line import LastLine
from tui_trainer.widgets.notification import SafeNotification
from tui_trainer.widgets.screen_tabs import SCREENS
from tui_trainer.widgets.status_line import StatusLine, describe_loading
from tui_trainer.worker import Worker

if TYPE_CHECKING:
    from tui_trainer.protocol.answers import Answers

TICK_SECONDS = 1 / 8
STATUS_SECONDS = 1 / 2
SHOW_AFTER = 0.08  # seconds; what is done faster needs no word, what is not is told within 0.1
LONG_STEP = 1.0  # seconds; a shorter step of a loop needs no clock
TERMINAL_SECONDS = 1.0
TICKS_PATIENCE = 2.0  # seconds that the last tick of the guide may take to be on disk
STDIN = 0
ENDING = signal.SIGHUP, signal.SIGTERM
# Textual reads escape and a digit as the sign that option and the digit type on a Mac. Here, as
# in most terminals, they are alt and the digit.
SEQUENCES = cast("dict[str, object]", ANSI_SEQUENCES_KEYS)
for digit in "123456":
    SEQUENCES.pop(f"\x1b{digit}", None)

SCREEN_CLASSES = {
    "tokens": "TokensScreen",
    "predict": "PredictScreen",
    "loss": "LossScreen",
    "step": "StepScreen",
    "gsm8k": "Gsm8kScreen",
    "runs": "RunsScreen",
}


def screen_class(name: str) -> type[WorkScreen]:
    """Imported when it is first asked for: all are a quarter of the time to the first frame."""
    module = import_module(f"tui_trainer.screens.{name}.screen")
    kind: type[WorkScreen] = getattr(module, SCREEN_CLASSES[name])
    return kind


@dataclass(frozen=True)
class Told:
    """What the line of status tells of the worker."""

    what: str = ""
    seconds: float = 0.0
    waiting: str = ""
    """What is next in line."""
    loop: str | None = None
    """The name of the loop whose step it is."""


class TuiTrainer(InputInOrder[int], LastLine[int]):
    """Study how a language model is trained, by keypress."""

    TITLE = "tui-trainer"
    # All at once: at a screen's first visit Textual would parse every rule anew for one of its own.
    CSS_PATH: ClassVar[list[str | PurePath]] = sorted(Path(__file__).parent.rglob("*.tcss"))
    # 80x24 is narrow and short; 120x40 is wide and tall.
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-narrow"),
        (110, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-short"),
        (34, "-tall"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(key, f"show_screen('{name}')", title, show=False, id=name)
            for name, (key, title) in SCREENS.items()
        ),
        *(
            Binding(f"alt+{key}", f"show_screen('{name}')", show=False, system=True, priority=True)
            for name, (key, _) in SCREENS.items()
        ),
        Binding("C", "cancel", "Cancel load", id="cancel", tooltip="Cancel the load or download"),
        Binding("R", "reload", "Reload", id="reload", tooltip="The loaded weights again"),
        Binding("m", "pick_model", "Model", id="model", tooltip="Pick a model, device, precision"),
        Binding("question_mark", "help", "Help", key_display="?", id="help"),
        Binding("f1", "help", show=False, system=True),
        Binding("q", "ask_quit", "Quit", id="quit"),
        Binding("ctrl+z", "suspend_process", "Suspend", show=False, system=True),
        Binding("ctrl+c", "ask_quit", "Quit", show=False, system=True, priority=True),
    ]

    @dataclass
    class Heard(Message):
        """Something the worker told."""

        event: Event

    def __init__(self, choice: ModelChoice, make_engine: "Callable[[Progress], Answers]") -> None:
        super().__init__()
        self.worker = Worker(make_engine, self._hear)
        self.session = Session(
            self, self.worker, choice, show=self._show_failure, put=self._put_question
        )
        for name in SCREENS:
            self.add_mode(name, partial(self._make_screen, name))
        self.session.pending.on_ask = self._answer_soon
        self._refreshing = False
        self.patience = Patience()

    def _make_screen(self, name: str) -> WorkScreen:
        return screen_class(name)(self.session)

    async def on_mount(self) -> None:
        self._handle_signals()
        await self.switch_mode("tokens")
        self.set_interval(TICK_SECONDS, self._tick)
        self.set_interval(STATUS_SECONDS, self._follow_loops)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """After the first frame: the worker imports torch and loads the model."""
        for name in SCREENS:
            screen_class(name)
        self.worker.start()
        self.load_model(self.session.choice)
        self._recall_ticks()

    @work
    async def _recall_ticks(self) -> None:
        self.session.guide.recall(await self.session.ticks.read())

    @work
    async def load_model(self, choice: ModelChoice) -> None:
        await self.session.load(choice)

    def _hear(self, event: Event) -> None:
        """Called on the worker's thread; does not wait for this one."""
        self.post_message(self.Heard(event))

    def on_tui_trainer_heard(self, message: Heard) -> None:
        was_loading = self.session.loading is not None
        self.session.hear(message.event)
        if was_loading is (self.session.loading is None):
            self.refresh_bindings()
        if isinstance(message.event, LoopChanged):
            self._refresh_status()

    # The status line

    @property
    def _work_screen(self) -> WorkScreen | None:
        """The one that is open, or below a dialog, where it can still be seen.

        There is none while the app opens or closes.
        """
        screens = reversed(self.screen_stack)
        return next((screen for screen in screens if isinstance(screen, WorkScreen)), None)

    async def _tick(self) -> None:
        screen = self._work_screen
        # Not `query`, which looks at every widget of the screen, eight times a second.
        line = screen.query_one_optional(StatusLine) if screen else None
        if line is not None:  # it is while the screen is being mounted
            told = self._told
            loops = self.session.describe_live(but=told.loop)
            line.show(self.session.status, told.what, told.seconds, told.waiting, loops)

    def _answer_soon(self) -> None:
        """A key asked for something: say so where it is not done at once."""
        if not self.is_running:
            return
        if (screen := self._work_screen) is not None and screen.is_mounted:
            screen.show_waiting()
        self.set_timer(SHOW_AFTER, self._tick)

    def _follow_loops(self) -> None:
        """While a loop runs, its updates count."""
        if self.session.is_training:
            self._refresh_status()

    @work
    async def _refresh_status(self) -> None:
        """Hear how many updates the weights are away, one request at a time."""
        if self._refreshing:
            return
        self._refreshing = True
        try:
            await self.session.refresh()
        finally:
            self._refreshing = False

    @property
    def _told(self) -> Told:
        """What the worker does and what waits for it; nothing for a short while."""
        doing, session = self.worker.doing, self.session
        seconds = 0.0 if doing is None else max(0.0, time.monotonic() - doing.since)
        if doing is None or seconds < SHOW_AFTER:
            return Told()
        waiting = session.pending.waiting()
        if session.loading is not None:
            return Told(describe_loading(session.loading), seconds, waiting)
        if doing.loop is None:
            return Told(doing.what, seconds, waiting)
        if (seconds < LONG_STEP and not waiting) or doing.loop not in session.loops:
            return Told()
        return Told(f"{session.describe_loop(doing.loop)}, step", seconds, waiting, doing.loop)

    # What the session asks for

    def _show_failure(self, failure: Failure) -> None:
        self.push_screen(FailureDialog(failure))

    async def _put_question(self, question: Question) -> str | None:
        return await self.push_screen_wait(QuestionDialog(question))

    # Actions

    async def action_show_screen(self, name: str) -> None:
        if isinstance(self.screen, WorkScreen):
            await self.switch_mode(name)

    @work
    async def action_reload(self) -> None:
        """The loaded weights again; asks first where that loses updates."""
        if await leave_weights(self.session, RELOAD):
            await self.session.change(Reload())

    @work
    async def action_save(self) -> None:
        """Write the weights where they belong."""
        if self.session.status is None:
            self.notify(LOADING if self.session.loading_choice else NO_MODEL, markup=False)
        elif self.session.pending.has(Save.doing):  # a key pressed twice
            self.notify("They are being saved: wait for it.", markup=False)
        elif await self.session.save():
            await self.session.refresh()

    @work
    async def action_pick_model(self) -> None:
        choice = await self.push_screen_wait(ModelPicker(self.session))
        if choice is not None:
            await self.session.load(choice)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to cancel unless something loads."""
        if action == "cancel":
            return self.session.loading is not None
        return super().check_action(action, parameters)

    def action_cancel(self) -> None:
        self.worker.cancel()

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    def action_help(self) -> None:
        if isinstance(self.screen, WorkScreen):
            self.push_screen(HelpDialog(self.screen))

    @work
    async def action_ask_quit(self) -> None:
        """Every way to quit by hand; asks first where that loses updates, or a bench."""
        if await leave_weights(self.session, QUIT):
            self.exit(0)

    async def action_quit(self) -> None:
        """Textual's own way, ctrl+q and the palette's."""
        self.action_ask_quit()

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """As Textual's, with a notification that cannot stop the app."""
        seconds = self.NOTIFICATION_TIMEOUT if timeout is None else timeout
        self.post_message(
            Notify(SafeNotification(message, title, severity, seconds, markup=markup))
        )

    def on_notify(self, event: Notify) -> None:
        """What is said again takes the place of itself: a key held down would fill the screen."""
        words = event.notification.message
        for told in [told for told in self._notifications if told.message == words]:
            self._unnotify(told, refresh=False)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every key of the screen is a command of the palette too, but not what moves a cursor."""
        yield from super().get_system_commands(screen)
        saves = False
        for node, binding, enabled, tooltip in screen.active_bindings.values():
            saves = saves or binding.action == SAVE
            named = binding.description and (binding.show or binding.id is not None)
            if enabled and named and not binding.system:
                run = self._run_binding(node, binding.action)
                key = self.get_key_display(binding)
                yield SystemCommand(f"{binding.description} ({key})", tooltip, run)
        if not saves:
            yield SystemCommand("Save", SAVE_TOOLTIP, self.action_save)

    def _run_binding(self, node: DOMNode, action: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            await self.run_action(action, node)

        return run

    def deliver_screenshot(
        self,
        filename: str | None = None,
        path: str | None = None,
        time_format: str | None = None,
    ) -> str | None:
        """To the current directory: a desktop's folder of downloads is not on every machine."""
        return super().deliver_screenshot(filename, path or str(Path.cwd()), time_format)

    def tell_fault(self, error: BaseException) -> None:
        """One at a time: those that come while one is shown are in the log."""
        if not any(isinstance(screen, FaultDialog) for screen in self.screen_stack):
            self.push_screen(FaultDialog(describe_failure(error)))

    # The end

    def get_driver_class(self) -> type[Driver]:
        """Textual's for the platform; that for a terminal is our own."""
        kind = super().get_driver_class()
        return TerminalDriver if kind is LinuxDriver else kind

    def action_suspend_process(self) -> None:
        """Hand the terminal back to the shell, as any program does at ctrl+z; `fg` goes on."""
        if self._driver is None or not self._driver.can_suspend:
            return
        if has_shell():
            self._suspend_signal()
            os.killpg(os.getpgrp(), signal.SIGTSTP)  # `uv run` and `make` stop with it
        else:
            self.notify("There is no shell below that could go on with it.", markup=False)

    @on(Driver.SignalResume)
    def _draw_whole(self) -> None:
        """The shell has written over it, and its terminal may have another size."""
        self.refresh(layout=True)

    def _handle_signals(self) -> None:
        """Textual has no handler for these: without one the terminal stays raw."""
        loop = asyncio.get_running_loop()
        for number in ENDING:
            loop.add_signal_handler(number, self._end_by, number)
        if os.isatty(STDIN):  # not in a test
            loop.add_signal_handler(signal.SIGINT, self.action_ask_quit)
            self.set_interval(TERMINAL_SECONDS, self._leave_with_terminal)

    def _leave_with_terminal(self) -> None:
        """End once the terminal is gone: only the first process of its session is sent SIGHUP.

        That may be one that waits for this one, as `make run` does.
        """
        if not os.isatty(STDIN):
            self._end_by(signal.SIGHUP)

    def _end_by(self, number: int) -> None:
        """Close the app for a signal; what is unsaved is saved after that, by `run_app`."""
        heard, status = self.patience.hear(number), exit_status(number)
        if heard is Heard.END:
            self.exit(status, status)
        elif heard is Heard.END_AT_ONCE:
            if isinstance(self._driver, TerminalDriver):
                self._driver.restore()
            os._exit(status)


def run_app(choice: ModelChoice, make_engine: "Callable[[Progress], Answers]") -> int:
    """Run the app until it ends; the exit status of the process.

    Where it was not the user who ended it, updates that no file has are saved.
    """
    log_to_file()
    app = TuiTrainer(choice, make_engine)
    app.run()
    with heard_after(app.patience, *ENDING) as late:
        ended, status = _end(app)
        app.session.ticks.wait(TICKS_PATIENCE)
    if late:
        status = exit_status(late[0])
    logging.shutdown()
    if not ended:
        # A thread inside torch aborts the process when the interpreter ends beneath it.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


def _end(app: TuiTrainer) -> tuple[bool, int]:
    """End the worker: whether it ended, and the exit status so far."""
    status, has_model = app.return_code or 0, app.session.status is not None
    if app.ended_by is not None:
        failure = describe_failure(app.ended_by)
        say(f"the app failed, and could not go on: {failure.sentence} ({log_path()} has it whole)")
    try:
        return end_worker(app.worker, saves=status != 0 and has_model), status
    except KeyboardInterrupt:
        return False, exit_status(signal.SIGINT)
