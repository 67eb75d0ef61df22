"""The disk does not take what belongs to a run: for want of room, or for another reason."""

import errno
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from tui_trainer.errors import InputError

WANT_OF_ROOM = errno.ENOSPC, errno.EDQUOT, errno.EFBIG
"""No space on the device, none of the user's share, a file longer than is allowed."""


class UnwritableError(InputError):
    """What was to be written was not, and may be tried again."""

    def __init__(self, sentence: str, path: Path, error: BaseException) -> None:
        super().__init__(sentence)
        self.path = path
        self.why = why(error)
        self.lacks_room = lacks_room(error)


def unwritable(path: Path, error: OSError, what: str = "run") -> UnwritableError:
    """The sentence for a run, or another thing, that cannot be written."""
    sentence = (
        f"The {what} cannot be written to {path} ({why(error)}): make room or let it be written, "
        "or set XDG_DATA_HOME to another folder."
    )
    return UnwritableError(sentence, path, error)


def why(error: BaseException) -> str:
    """The first line of what an exception says."""
    said = error.strerror if isinstance(error, OSError) else None
    return said or f"{error}".strip().split("\n")[0] or type(error).__name__


def lacks_room(error: BaseException) -> bool:
    """Whether room would help; a library in another language has the reason in its words alone."""
    return says_one_of(error, WANT_OF_ROOM)


def says_one_of(error: BaseException, numbers: Iterable[int]) -> bool:
    """Whether an error has one of the system's numbers, or its words."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in numbers
    return any(f"os error {n})" in str(error) or os.strerror(n) in str(error) for n in numbers)


def free_bytes(path: Path) -> int | None:
    """What is free where `path` is, or will be; None where the system does not tell."""
    for folder in (path, *path.parents):
        try:
            return shutil.disk_usage(folder).free
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None
