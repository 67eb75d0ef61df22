"""Files and folders that nobody but their owner reads: runs tell what was trained on what."""

import os
from contextlib import suppress
from functools import partial
from io import TextIOWrapper
from pathlib import Path

from tui_trainer.runs.retried import retried

FILE_MODE, FOLDER_MODE = 0o600, 0o700


def private_folder(folder: Path) -> None:
    """Have the folder there, for its owner alone; one from before is closed to others."""
    retried(partial(folder.mkdir, mode=FOLDER_MODE, parents=True, exist_ok=True))
    close_to_others(folder)


def close_to_others(path: Path) -> None:
    """Leave a file or folder to its owner; one behind a link is as its owner wants it."""
    with suppress(OSError):  # somebody else's, or a file system that has no modes
        if not path.is_symlink():
            path.chmod(FOLDER_MODE if path.is_dir() else FILE_MODE)


def close_all_to_others(folder: Path) -> None:
    """The folder, and all files and folders in it, as libraries left them."""
    for path in (folder, *folder.rglob("*")):
        close_to_others(path)


def create_file(path: Path, *, private: bool = True) -> TextIOWrapper:
    """A new text file in UTF-8, for its owner alone or as the umask says.

    What was there gives way: a link too, which is not written through.
    """
    with suppress(FileNotFoundError):
        path.unlink()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    descriptor = os.open(path, flags, FILE_MODE if private else 0o666)
    return os.fdopen(descriptor, "w", encoding="utf-8")
