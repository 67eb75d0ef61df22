"""The program in a process of its own that needs no import: forked from one that has all of it."""

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.models import save_model
from tui_trainer.cli import main

ENDED_WITHIN = 120.0


class Program:
    """`tui-trainer` with these arguments, its output in a file; a kill is the system's own."""

    def __init__(self, arguments: Sequence[str], output: Path) -> None:
        self.began = time.monotonic()
        self.status: int | None = None
        """What it ended with, or minus the signal."""
        self.pid = os.fork()
        if not self.pid:
            _become(arguments, output)

    def is_running(self) -> bool:
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is None

    def kill(self) -> None:
        """SIGKILL, and what it was when that arrived."""
        if self.is_running():
            os.kill(self.pid, signal.SIGKILL)
            _, status = os.waitpid(self.pid, 0)
            self.status = os.waitstatus_to_exitcode(status)

    @property
    def was_killed(self) -> bool:
        return self.status == -signal.SIGKILL

    def wait(self) -> float:
        """Until it ended; the seconds that it took."""
        while self.is_running():
            if time.monotonic() - self.began > ENDED_WITHIN:
                self.kill()
                raise AssertionError(f"it did not end within {ENDED_WITHIN:g} s")
            time.sleep(0.002)
        return time.monotonic() - self.began


def made_apart(folder: Path) -> str:
    """A tiny GPT-2, which has dropout, made in a process of its own: what is forked later is to
    have run no thread of torch's."""
    if not (child := os.fork()):
        save_model("GPT2", folder)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    return str(folder)


def _become(arguments: Sequence[str], output: Path) -> None:
    """Be the program, in the child; it never comes back."""
    status = 70
    with suppress(BaseException):
        file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, 1)
        os.dup2(file, 2)
        status = main(tuple(arguments))
    os._exit(status)
