"""Standard output and standard error while the app owns the terminal: both go to the log.

What writes to them past Python, as a C library does, or CUDA where an assert in a kernel fails,
would draw over the app. So the app draws on a descriptor of its own, and what is below it has none.
"""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

OUTPUT, ERROR = 1, 2
_drawn_on: IO[str] | None = None


def drawn_on() -> IO[str] | None:
    """The terminal, as long as the app owns it."""
    return _drawn_on


@contextmanager
def owned_terminal(log: Path | None) -> Iterator[None]:
    """Around the app: `drawn_on` is its terminal, all else goes to `log`, or nowhere."""
    global _drawn_on  # noqa: PLW0603  # as descriptors are the process's own
    flush()
    output, terminal = os.dup(OUTPUT), os.dup(ERROR)
    elsewhere = os.open(log or os.devnull, os.O_WRONLY | os.O_APPEND)
    os.dup2(elsewhere, OUTPUT)
    os.dup2(elsewhere, ERROR)
    os.close(elsewhere)
    # Left open: where the terminal stands still, what draws on it may outlive the app.
    _drawn_on = os.fdopen(
        terminal, "w", encoding=sys.stderr.encoding, errors="backslashreplace", closefd=False
    )
    try:
        yield
    finally:
        _drawn_on = None
        flush()
        os.dup2(output, OUTPUT)
        os.dup2(terminal, ERROR)
        os.close(output)


def flush() -> None:
    """Write what Python and C libraries hold back for the two: it is for where they lead now."""
    for file in (sys.__stdout__, sys.__stderr__):
        if file is not None:
            with suppress(OSError):
                file.flush()
    ctypes.CDLL(None).fflush(None)
