"""The signals that ask a process to end: after the first it finishes its step and saves."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from types import FrameType

TOGETHER = 0.5  # seconds
NOTICE = signal.SIGUSR1, signal.SIGUSR2
"""What a batch scheduler sends ahead where it is asked to, minutes before it ends a job: SIGTERM
comes after it, and is not somebody who has no patience."""
BY_A_SCHEDULER = signal.SIGTERM, *NOTICE
"""After which SIGKILL comes, however long a step takes."""
ENDING = signal.SIGHUP, *BY_A_SCHEDULER
"""What asks a program to end; ctrl+c is SIGINT, which the app asks back for."""


class Heard(Enum):
    """What a signal says that was not said before."""

    END = "end"
    NOTHING = "nothing"
    END_AT_ONCE = "end at once"


class Patience:
    """Tells the first signal from those that come with it, and both from a second.

    A closed terminal sends SIGHUP more than once, and `timeout` or a batch scheduler may send
    SIGTERM to a process and then to its group: what comes together is one, and SIGHUP no second.
    Nor is a scheduler's notice, or the first SIGTERM after it.
    """

    def __init__(self) -> None:
        self._first: float | None = None
        self._by_notice = False
        self.heard_at: float | None = None
        """When the first came, by the clock of `time.monotonic`."""

    def hear(self, number: int) -> Heard:
        now = time.monotonic()
        if self._first is None:
            self._first = self.heard_at = now
            self._by_notice = number in NOTICE
            return Heard.END
        if number == signal.SIGTERM and self._by_notice:
            self._first, self._by_notice = now, False
            return Heard.NOTHING
        if number == signal.SIGHUP or number in NOTICE or now - self._first < TOGETHER:
            return Heard.NOTHING
        return Heard.END_AT_ONCE


@contextmanager
def heard_after(patience: Patience, *numbers: int) -> Iterator[list[int]]:
    """Around what is finished whatever comes: gives the first of these signals, once it came.

    The second ends the process at once.
    """
    first: list[int] = []

    def hear(number: int, _: FrameType | None) -> None:
        heard = patience.hear(number)
        if heard is Heard.END_AT_ONCE:
            os._exit(exit_status(number))
        if heard is Heard.END:
            first.append(number)

    before = {number: signal.signal(number, hear) for number in numbers}
    try:
        yield first
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def exit_status(number: int) -> int:
    """What a shell reports for a command that this signal ended."""
    return 128 + number


class Interrupted(KeyboardInterrupt):
    """A signal asks a command to end: what keeps its work at ctrl+c keeps it at each of them."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
