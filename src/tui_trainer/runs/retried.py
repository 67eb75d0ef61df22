"""What a disk, or a server of files, fails at now and then is tried again: with a bound, and told.

Want of room is another thing: no second try makes any (`unwritable.py`).
"""

import errno
import logging
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TypeVar

from tui_trainer.errors import InputError
from tui_trainer.runs.unwritable import says_one_of, why

Result = TypeVar("Result")

TRANSIENT = errno.EIO, errno.ESTALE, errno.EINTR, errno.EAGAIN, errno.ETIMEDOUT
TRIES = 20
LONGEST_PAUSE = 0.5
"""Seconds: all pauses together are eight."""


class GivenUpError(OSError):
    """What failed each time that it was tried; nobody above tries it all over again."""


class Failures:
    """Those of this process that another try mended; several threads write."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._count = 0
        self._tell_at = 1
        self._last = ""
        self._gave_up = False

    @property
    def tries(self) -> int:
        """A disk that has just failed for good is asked once each time, until it takes some."""
        return 1 if self._gave_up else TRIES

    def mended(self, times: int, error: BaseException) -> None:
        """So many tries failed, with this last, and then one did not."""
        logging.getLogger(__name__).warning("%d tries failed: %s", times, why(error))
        with self._lock:
            self._count += times
            self._last = why(error)

    def ended(self, *, gave_up: bool) -> None:
        self._gave_up = gave_up

    def news(self) -> tuple[str, ...]:
        """A sentence where there are more since the last one: at the first, and whenever there are
        twice as many."""
        with self._lock:
            if self._count < self._tell_at:
                return ()
            self._tell_at = 2 * self._count
            times = "once" if self._count == 1 else f"{self._count:,} times"
            return (
                f"The disk failed {times} so far ({self._last}), and took what was written at "
                "another try: nothing is lost.",
            )


failures = Failures()


def is_transient(error: BaseException) -> bool:
    """Whether another try may help; a library in another language has the reason in its words."""
    told = isinstance(error, GivenUpError | InputError)
    return not told and says_one_of(error, TRANSIENT)


def retried(act: Callable[[], Result], again: Callable[[], object] = lambda: None) -> Result:
    """What `act` gives, tried again after `again` where the disk fails at it now and then.

    What it raises otherwise is raised; GivenUpError where each of the tries failed.
    """
    tries = failures.tries
    last: Exception | None = None
    for number in range(1, tries + 1):
        try:
            if number > 1:
                again()
            result = act()
        except Exception as error:  # tokenizers raises a bare one
            if not is_transient(error):
                raise
            if number == tries:
                failures.ended(gave_up=True)
                raise _given_up(error) from error
            last = error
            time.sleep(min(LONGEST_PAUSE, 0.005 * 2**number))
        else:
            failures.ended(gave_up=False)
            if last is not None:
                failures.mended(number - 1, last)
            return result
    raise AssertionError("there is a first try")


def _given_up(error: Exception) -> GivenUpError:
    number = error.errno if isinstance(error, OSError) else None
    return GivenUpError(errno.EIO if number is None else number, why(error))


def rename(path: Path, name: Path) -> None:
    """As `Path.rename`; a server may have done what it reported as failed."""

    def put() -> None:
        try:
            path.rename(name)
        except FileNotFoundError:
            if not (failed and name.exists()):
                raise

    failed: list[bool] = []
    retried(put, lambda: failed.append(True))
