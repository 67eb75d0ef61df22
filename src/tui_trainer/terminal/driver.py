"""Textual's driver for a terminal, for terminals that go, send anything, and are wanted back."""

import logging
import os
import shutil
import signal
from contextlib import suppress
from types import FrameType
from typing import IO, TYPE_CHECKING, TextIO, cast

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.drivers.linux_driver import LinuxDriver

from tui_trainer.signals import ENDING
from tui_trainer.terminal.output import drawn_on

if TYPE_CHECKING:
    from io import TextIOWrapper, _WrappedBuffer

    from tui_trainer.terminal.last_line import LastLine

log = logging.getLogger(__name__)

# Textual reads escape and a digit as the sign that option and the digit type on a Mac. Here, as
# in most terminals, they are alt and the digit.
SEQUENCES = cast("dict[str, object]", ANSI_SEQUENCES_KEYS)
for digit in "123456":
    SEQUENCES.pop(f"\x1b{digit}", None)
WRITES_AHEAD = 6
"""Two frames, each with what begins and ends it."""
ALL_STOPPED = "tui-trainer is stopped, and so is what it trains: 'fg' goes on with both."
VIEW_STOPPED = "This view is stopped, and what it trains goes on: 'fg' is back at it."


class TerminalDriver(LinuxDriver):
    """Stops with its terminal restored, and hands a fault of its thread to the app."""

    told_when_stopped = ALL_STOPPED

    def __init__(
        self,
        app: "LastLine[int]",
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._last_line = app
        self._output = FileThatMayGo(drawn_on() or cast("TextIO", self._file))
        self._file = cast("TextIOWrapper[_WrappedBuffer]", self._output)
        # The last four until the app hears them: before that this view has nothing to save.
        for number in (signal.SIGQUIT, *ENDING):
            signal.signal(number, self._end_at_once)

    @property
    def is_behind(self) -> bool:
        """Whether the terminal has not taken the last frames yet.

        Textual's queue holds 30 writes; then it waits, and the whole app with it.
        """
        writer = self._writer_thread
        return writer is not None and writer._queue.qsize() >= WRITES_AHEAD

    def _get_terminal_size(self) -> tuple[int, int]:
        """Of the terminal; Textual looks at standard output, which leads elsewhere now."""
        try:
            terminal = os.get_terminal_size(self._output.fileno())
        except OSError:  # it has gone
            return super()._get_terminal_size()
        return shutil.get_terminal_size(fallback=terminal)

    def _run_input_thread(self) -> None:
        """As Textual's, which panics and says that all is well (exit status 0)."""
        try:
            self.run_input_thread()
        except OSError as error:  # the terminal has gone, which the app looks for itself
            log.info("No more input: %r", error)
        except BaseException as error:
            log.exception("A fault in what reads the terminal")
            self._last_line.call_later(self._last_line.end_by, error)

    def suspend_application_mode(self) -> None:
        super().suspend_application_mode()
        self._output.write(f"{self.told_when_stopped}\n")
        self._output.flush()

    def restore(self) -> None:
        """Leave the terminal as it was found, for a process that ends at once."""
        if self._writer_thread is not None and self._writer_thread.is_alive():
            self.stop_application_mode()
            self.close()

    def _end_at_once(self, number: int, _: FrameType | None) -> None:
        """As the signal does by itself, SIGQUIT with a core: but in a usable terminal."""
        signal.signal(number, signal.SIG_DFL)  # a second one waits for nothing
        self.restore()
        os.kill(os.getpid(), number)


class FileThatMayGo:
    """What is written to a terminal that has gone is for nobody.

    An error would end the thread that writes, and the app would wait for it for ever.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()

    def fileno(self) -> int:
        return self._file.fileno()

    def isatty(self) -> bool:
        return self._file.isatty()


def has_shell() -> bool:
    """Whether a shell is below that takes the terminal while this process is stopped.

    There is none in a process group that leads its session, as one that a terminal was opened for.
    """
    return os.getsid(0) != os.getpgrp()
