"""How a command hears that it is to end: by ctrl+c, by SIGTERM, by SIGHUP, or by SIGUSR1 and
SIGUSR2, which batch schedulers send ahead.

Each is an Interrupted, raised at once while a command loads, and between two steps where it makes
some, so that a step is whole, its line is written and its weights can be saved.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TypeVar

from tui_trainer.closed import closed
from tui_trainer.signals import ENDING, Heard, Interrupted, Patience, exit_status

Report = TypeVar("Report")
NUMBERS = signal.SIGINT, *ENDING
STDERR = 2
FINISHING = b"tui-trainer: finishing the step; a second time ends at once\n"


class Interrupts:
    """The signals that a command hears while it runs."""

    def __init__(self) -> None:
        self._patience = Patience()
        self._number: int | None = None
        self._between_steps = False

    def hear(self, number: int, _: FrameType | None) -> None:
        """What the system calls, between any two instructions of the main thread."""
        heard = self._patience.hear(number)
        if heard is Heard.END_AT_ONCE:
            os._exit(exit_status(number))
        if heard is Heard.NOTHING:
            return
        self._number = number
        if not self._between_steps:
            raise Interrupted(number)
        with suppress(OSError):  # the terminal has gone, and the step is to be whole all the same
            os.write(STDERR, FINISHING)  # a print could come in the middle of another

    @contextmanager
    def between_steps(self) -> Iterator[None]:
        before, self._between_steps = self._between_steps, True
        try:
            yield
        finally:
            self._between_steps = before

    def check(self) -> None:
        """Interrupted where a signal came since."""
        if self._number is not None:
            raise Interrupted(self._number)


_interrupts = Interrupts()


@contextmanager
def heard() -> Iterator[None]:
    """Around a command. What was ignored before, as below `nohup`, still is.

    Interrupted at its end where a signal came: it may be why nobody reads its output any more.
    """
    global _interrupts  # noqa: PLW0603  # as signals are the process's own
    _interrupts = Interrupts()
    before = {number: signal.getsignal(number) for number in NUMBERS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, _interrupts.hear)
    try:
        yield
        _interrupts.check()
    except BrokenPipeError:
        _interrupts.check()
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def finished_first() -> Iterator[None]:
    """The block comes to its end though a signal comes; Interrupted then.

    Where the block fails that is raised: it ends the command as well, and says more.
    """
    with _interrupts.between_steps():
        yield
    _interrupts.check()


def whole_steps(reports: Iterator[Report]) -> Iterator[Report]:
    """The reports, until a signal comes: then the one that is being made is the last.

    Raises Interrupted after it, with `reports` closed, which a signal does not break off either.
    """
    with finished_first(), closed(reports):
        for report in reports:
            yield report
            _interrupts.check()
