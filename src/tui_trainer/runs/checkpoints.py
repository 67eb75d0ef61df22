"""The checkpoints of a run, as far as they are known without opening a tensor."""

import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from tui_trainer.errors import InputError
from tui_trainer.runs.checkpoint_names import NAME, step_of
from tui_trainer.runs.home import CHECKPOINTS, find_run, given_path, is_run
from tui_trainer.runs.presence import is_being_written
from tui_trainer.runs.private_files import FOLDER_MODE, close_all_to_others, private_folder
from tui_trainer.runs.regular_files import sync
from tui_trainer.runs.retried import rename, retried
from tui_trainer.runs.training_facts import TRAINING_FILE
from tui_trainer.runs.unwritable import unwritable

OLD = re.compile(r"\.step-\d{6,}\.old")
"""One that stepped aside for another of its step."""


def checkpoint_folders(run: Path) -> list[Path]:
    """The checkpoints of a run in the order of their steps."""
    try:
        found = [path for path in (run / CHECKPOINTS).iterdir() if NAME.fullmatch(path.name)]
    except OSError:
        return []
    return sorted(found, key=step_of)


def folder_bytes(folder: Path) -> int:
    """The bytes of all files in a folder and below; a link is not followed."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):  # deleted, or renamed into place, meanwhile
            status = path.lstat()
            total += status.st_size if stat.S_ISREG(status.st_mode) else 0
    return total


def find_checkpoint(name: str) -> Path:
    """The checkpoint folder `name`, or the last one of the run called so; InputError without any.

    A run is a folder or a name as `tui-trainer runs` lists it.
    """
    given = given_path(name)
    if given.parent.name == CHECKPOINTS:
        take_back(given.parent.parent)
    if os.path.isfile(given / TRAINING_FILE):  # noqa: PTH113  # Path's raises for a long name
        if not is_run(given.resolve().parent.parent):
            raise InputError(
                f"{name} lies in no run, so its settings are not known: resume from the "
                "checkpoint in its run's folder."
            )
        return given.resolve()
    run = find_run(name)
    take_back(run)
    if not (folders := checkpoint_folders(run)):
        raise InputError(
            f"The run {run.name} has no checkpoint to resume from: press c in a run, or set "
            "checkpoint every."
        )
    return folders[-1]


@contextmanager
def whole_or_not_at_all(checkpoint: Path) -> Iterator[Path]:
    """Gives an empty folder beside `checkpoint`, which takes its place where the block ends well.

    One of the same name is replaced. InputError where the disk takes no more.
    """
    beside = checkpoint.with_name(f".{checkpoint.name}.part")
    try:
        private_folder(checkpoint.parent)
        retried(partial(_make_anew, beside))
        yield beside
        close_all_to_others(beside)
        for path in (*beside.rglob("*"), beside):
            sync(path)
        _put_in_place(beside, checkpoint)
    except OSError as error:
        raise unwritable(checkpoint, error) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _make_anew(folder: Path) -> None:
    """Make it, and nothing in it: a process may have died while it wrote."""
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)
    folder.mkdir(FOLDER_MODE)


def take_back(run: Path) -> None:
    """Finish what a process left undone that died while a checkpoint took the place of another.

    Nothing where the run is being written: its process may be just there.
    """
    try:
        left = [path for path in (run / CHECKPOINTS).iterdir() if OLD.fullmatch(path.name)]
    except OSError:
        return
    if not left or is_being_written(run):
        return
    for old in left:
        with suppress(OSError):  # a disk that takes nothing: it stays as it is
            _settle(old)


def _settle(old: Path) -> None:
    """Give a checkpoint that stepped aside its place back, or delete it where that is taken."""
    checkpoint = old.with_name(old.name.removeprefix(".").removesuffix(".old"))
    if os.path.lexists(checkpoint):
        shutil.rmtree(old, ignore_errors=True)
    else:
        old.rename(checkpoint)


def _put_in_place(beside: Path, checkpoint: Path) -> None:
    """A folder cannot be renamed over another: the old one steps aside first."""
    old = checkpoint.with_name(f".{checkpoint.name}.old")
    if checkpoint.exists():
        shutil.rmtree(old, ignore_errors=True)
        rename(checkpoint, old)
    try:
        rename(beside, checkpoint)
    except OSError:
        if old.exists():  # whole as it was
            rename(old, checkpoint)
        raise
    sync(checkpoint.parent)
    sync(checkpoint.parent.parent)  # which may have got the folder of all of them just now
    shutil.rmtree(old, ignore_errors=True)
