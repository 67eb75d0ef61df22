"""An app and the process that it is: the signals that end it, ctrl+z, a terminal that has gone."""

import asyncio
import os
import signal
from typing import TypeVar

from textual import on
from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from tui_trainer.signals import ENDING, Heard, Patience, exit_status
from tui_trainer.terminal.driver import VIEW_STOPPED, TerminalDriver, has_shell

Return = TypeVar("Return")

STDIN = 0
TERMINAL_SECONDS = 1.0


class HearsSignals(App[Return]):
    """An app that a signal closes in order: whoever ran it then saves what is unsaved."""

    def __init__(self) -> None:
        super().__init__()
        self.patience = Patience()

    def action_ask_quit(self) -> object:
        """What ctrl+c does; asks where something would be lost."""
        raise NotImplementedError

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

    def hear_signals(self, *, is_view: bool) -> None:
        """Textual has no handler for these: without one the terminal stays raw.

        `is_view`: what trains is another process, which ctrl+z does not stop.
        """
        if is_view and isinstance(self._driver, TerminalDriver):
            self._driver.told_when_stopped = VIEW_STOPPED
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
        """Close the app for a signal."""
        heard, status = self.patience.hear(number), exit_status(number)
        if heard is Heard.END:
            self.exit(return_code=status)
        elif heard is Heard.END_AT_ONCE:
            if isinstance(self._driver, TerminalDriver):
                self._driver.restore()
            os._exit(status)
