"""A real pseudo-terminal with the app in it, and what a person would see there."""

import os
import signal
import sys
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pexpect
import pyte

from tests.engines_begun import end_engines
from tests.known import present

SECONDS_AT_MOST = 60.0
KEYS = {
    "escape": "\x1b",
    "alt+5": "\x1b5",
    "space": " ",
    "enter": "\r",
    "ctrl+r": "\x12",
    "ctrl+z": "\x1a",
}


def hear_every_signal() -> None:
    """As a shell that a person types into: what runs the tests may ignore some, as `nohup` does."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


class Terminal:
    """The app as a child process on a pseudo-terminal of `columns` x `rows`.

    Its engines have their sockets in `place`; in one of its own they end with it.
    `threads` is how many torch takes; None leaves that to torch. `command` runs it in another way.
    """

    def __init__(
        self,
        *arguments: str,
        state: Path,
        columns: int = 80,
        rows: int = 24,
        threads: int | None = 1,
        command: Sequence[str] = (sys.executable, "-m", "tui_trainer"),
        place: Path | None = None,
    ) -> None:
        environment = {**os.environ, "TERM": "xterm-256color", "XDG_STATE_HOME": str(state)}
        self._own_place = None if place else TemporaryDirectory(prefix="tt-")
        self.place = place or Path(present(self._own_place).name)
        environment["XDG_RUNTIME_DIR"] = str(self.place)
        environment.pop("OMP_NUM_THREADS", None)
        if threads is not None:
            environment["OMP_NUM_THREADS"] = str(threads)
        command = [*command, *arguments]
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self.screen)
        self.written = ""
        self.child = pexpect.spawn(
            command[0],
            command[1:],
            env=environment,
            dimensions=(rows, columns),
            encoding="utf-8",
            codec_errors="replace",
            preexec_fn=hear_every_signal,
        )
        self.child.delaybeforesend = None  # 50 ms by default, and keys are timed
        # After SIGKILL a process with torch in it takes longer to go than the 0.1 s by default.
        self.child.ptyproc.delayafterterminate = 0.5
        self.settings_before = termios.tcgetattr(self.child.child_fd)

    def read(self, timeout: float = 0.1) -> None:
        """Take in what the app has written."""
        try:
            text = self.child.read_nonblocking(65536, timeout)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return
        self.written += text
        self._stream.feed(text)

    @property
    def shown(self) -> str:
        return "\n".join(self.screen.display)

    def wait(self, condition: Callable[[str], object], what: str) -> None:
        """Read until `condition` holds of the screen; fail with the screen in the message."""
        deadline = time.monotonic() + SECONDS_AT_MOST
        while not condition(self.shown):
            assert time.monotonic() < deadline, f"never saw {what}:\n{self.shown}"
            self.read()

    def wait_for(self, text: str) -> None:
        self.wait(lambda shown: text in shown, repr(text))

    def press(self, key: str) -> None:
        self.child.send(KEYS.get(key, key))
        if key == "escape":
            # A terminal sends alt+key as escape and the key: leave time between the two.
            deadline = time.monotonic() + 0.3
            while time.monotonic() < deadline:
                self.read(0.05)

    def wait_for_end(self) -> int:
        """Read to the end; the exit status, or 128 and the signal."""
        deadline = time.monotonic() + SECONDS_AT_MOST
        while self.child.isalive():
            assert time.monotonic() < deadline, f"it did not end:\n{self.shown}"
            self.read()
        self.read()
        if self.child.exitstatus is not None:
            return self.child.exitstatus
        return 128 + self.child.signalstatus

    def is_restored(self) -> bool:
        """The main screen, the cursor, the mouse and the line discipline are as before."""
        alternate = self.written.rfind("\x1b[?1049h") < self.written.rfind("\x1b[?1049l")
        cursor = self.written.rfind("\x1b[?25l") < self.written.rfind("\x1b[?25h")
        mouse = self.written.rfind("\x1b[?1000h") < self.written.rfind("\x1b[?1000l")
        return alternate and cursor and mouse and self._line_settings() == self._before()

    def _line_settings(self) -> list[int]:
        return termios.tcgetattr(self.child.child_fd)[:4]

    def _before(self) -> list[int]:
        return self.settings_before[:4]

    def close(self) -> None:
        self.child.close(force=True)
        if self._own_place is not None:
            end_engines(self.place)
            self._own_place.cleanup()
