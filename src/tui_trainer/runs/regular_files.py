"""Files that others may have touched: nothing is opened but a regular file."""

import errno
import hashlib
import os
import stat
from functools import partial
from io import BufferedReader
from pathlib import Path

from tui_trainer.runs.retried import retried

UNSYNCED = errno.EINVAL, errno.ENOTSUP, errno.ENOSYS
"""What a file system says that has nothing to do for a folder."""
PIECE = 1 << 24
LARGEST_TEXT = 1 << 26
"""Bytes of a file that is read whole. The best item of a long context takes some megabytes."""


def open_regular(path: Path) -> BufferedReader:
    """The file at `path` for reading; OSError where it is a directory, a pipe or a device.

    Opening a pipe would wait for whoever writes into it.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("it is no regular file")
    return os.fdopen(descriptor, "rb")


def read_text(path: Path) -> str:
    """The text of a small file; OSError or ValueError where it is none."""
    with open_regular(path) as file:
        raw = file.read(LARGEST_TEXT + 1)
    if len(raw) > LARGEST_TEXT:
        raise ValueError(f"it has more than {LARGEST_TEXT:,} bytes")
    return raw.decode()


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal; half a second a gigabyte where nothing else runs."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Have the disk hold a file, or what names a folder has; tried again where it fails at that."""
    retried(partial(_sync, path), partial(write_again, path))


def write_again(path: Path, start: int = 0) -> None:
    """Write what a file has over itself: what a system could not write it says once, and then
    forgets, so that another sync alone would promise what is not so."""
    if path.is_dir():
        return
    file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        while piece := os.pread(file, PIECE, start):
            start += os.pwrite(file, piece, start)
    finally:
        os.close(file)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in UNSYNCED or not path.is_dir():
            raise
    finally:
        os.close(descriptor)
