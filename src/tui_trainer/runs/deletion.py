"""Deletes a run, or a checkpoint of one: its own files and no other, and nothing through a link."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tui_trainer.errors import InputError
from tui_trainer.runs.event_files import FOLDER as EVENTS
from tui_trainer.runs.file_hashes import Damage
from tui_trainer.runs.held import StaysError, held_by_nobody
from tui_trainer.runs.home import CHECKPOINTS, METRICS_FILE, RUN_FILE, WRITER_FILE
from tui_trainer.runs.training_facts import TRAINING_FILE, read_facts

TOP = {METRICS_FILE, WRITER_FILE, f".{RUN_FILE}.part", f".{WRITER_FILE}.part"}
PART = re.compile(r"\.step-\d{6,}\.part")
EVENT = re.compile(rf"{EVENTS}/events\.out\.tfevents\.[^/]+")
CHECKPOINT = re.compile(rf"{CHECKPOINTS}/(step-\d{{6,}}|\.step-\d{{6,}}\.(part|old))")
GONE = "{} is gone: it was deleted meanwhile."
IN_OLDER_CHECKPOINT = re.compile(r"[^/]+\.(safetensors|json|jinja|model)|merges\.txt|vocab\.txt")
"""What a checkpoint without a list of its files may have."""


@dataclass
class Deletion:
    """What was deleted of a run."""

    bytes: int = 0
    left: list[str] = field(default_factory=list)
    """What is not the run's, and so is still there: paths in its folder."""


def delete_own_files(folder: Path) -> Deletion:
    """Delete what a run wrote, and its folder where nothing is left; InputError where it cannot be.

    `run.json` goes last: where deleting breaks off it can be done again.
    """
    deletion = Deletion()
    try:
        with _opened(folder) as directory:
            _delete_in(directory, folder, "", deletion)
            deletion.bytes += os.lstat(RUN_FILE, dir_fd=directory).st_size
            os.unlink(RUN_FILE, dir_fd=directory)  # of several at once one has this done
    except FileNotFoundError:
        raise InputError(GONE.format(folder)) from None
    except OSError as error:
        raise InputError(f"{folder} cannot be deleted ({error.strerror or error}).") from error
    finally:
        with suppress(OSError):  # what is left in it is told
            folder.rmdir()
    return deletion


def delete_checkpoint(run: Path, name: str) -> str:
    """Delete a checkpoint, one that nobody has as a model and that has no files but its own.

    Where it stays, why, in words that stand behind its name; empty where it is gone. It goes at
    once, by its name, and then file by file.
    """
    try:
        with _opened(run) as top, _opened(CHECKPOINTS, top) as folder:
            _delete_leftovers(folder, run)
            with _opened(name, folder) as checkpoint, held_by_nobody(checkpoint):
                if (other := _foreign(run / CHECKPOINTS / name)) is not None:
                    raise StaysError(f"{other} in it is not of the run")
                _delete_folder(folder, run, name)
    except StaysError as stays:
        return str(stays)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _delete_folder(folder: int, run: Path, name: str) -> None:
    part = f".{name}.part"
    os.rename(name, part, src_dir_fd=folder, dst_dir_fd=folder)
    with _opened(part, folder) as checkpoint:
        _delete_in(checkpoint, run, f"{CHECKPOINTS}/{part}/", Deletion())
    os.rmdir(part, dir_fd=folder)


def _delete_leftovers(folder: int, run: Path) -> None:
    """What is left of those whose deletion, or writing, broke off."""
    for name in os.listdir(folder):  # an open folder has no Path
        if PART.fullmatch(name):
            with suppress(OSError), _opened(name, folder) as left:
                _delete_in(left, run, f"{CHECKPOINTS}/{name}/", Deletion())
                os.rmdir(name, dir_fd=folder)


def _foreign(checkpoint: Path) -> str | None:
    """What is in a checkpoint beside the files that it has hashes of; None where nothing is."""
    try:
        own = {*read_facts(checkpoint).files_sha256, TRAINING_FILE}
    except Damage:
        return TRAINING_FILE
    for path in sorted(checkpoint.rglob("*")):
        name = path.relative_to(checkpoint).as_posix()
        is_own = any(file.startswith(f"{name}/") for file in own) if path.is_dir() else name in own
        if not is_own or path.is_symlink():
            return name
    return None


@contextmanager
def _opened(folder: str | Path, parent: int | None = None) -> Iterator[int]:
    """A folder itself: whatever takes its place meanwhile, a link say, is not looked into."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    directory = os.open(folder, flags, dir_fd=parent)
    try:
        yield directory
    finally:
        os.close(directory)


def _delete_in(directory: int, run: Path, within: str, deletion: Deletion) -> None:
    """Delete what is the run's in an open folder, which is `within` the run's."""
    own = _own_files(run, within)
    with os.scandir(directory) as entries:
        # What says which files are a checkpoint's goes last, as of a run.
        found = sorted(entries, key=lambda entry: entry.name == TRAINING_FILE)
    for entry in found:
        with suppress(FileNotFoundError):  # somebody else deletes the same run
            _delete_entry(entry, own, directory, run, f"{within}{entry.name}", deletion)


def _delete_entry(
    entry: os.DirEntry[str],
    own: frozenset[str] | None,
    directory: int,
    run: Path,
    path: str,
    deletion: Deletion,
) -> None:
    """Delete a file or a folder at this `path` in a run, where it is the run's."""
    if entry.is_dir(follow_symlinks=False) and _is_own_folder(path, own):
        with _opened(entry.name, directory) as below:
            _delete_in(below, run, f"{path}/", deletion)
        with suppress(OSError):
            os.rmdir(entry.name, dir_fd=directory)
    elif entry.is_file(follow_symlinks=False) and _is_own_file(path, own):
        size = entry.stat(follow_symlinks=False).st_size
        os.unlink(entry.name, dir_fd=directory)
        deletion.bytes += size
    elif path != RUN_FILE:
        deletion.left.append(path)


def _own_files(run: Path, within: str) -> frozenset[str] | None:
    """The files that a checkpoint says that it has; None where it says nothing, or it is none."""
    if (found := CHECKPOINT.match(within)) is None:
        return None
    try:
        files = read_facts(run / found[0]).files_sha256
    except Damage:
        return None
    return frozenset(f"{found[0]}/{name}" for name in (*files, TRAINING_FILE)) if files else None


def _is_own_folder(path: str, own: frozenset[str] | None) -> bool:
    if path in (CHECKPOINTS, EVENTS) or CHECKPOINT.fullmatch(path):
        return True
    return own is not None and any(file.startswith(f"{path}/") for file in own)


def _is_own_file(path: str, own: frozenset[str] | None) -> bool:
    if own is not None:
        return path in own
    folder, _, name = path.rpartition("/")
    if CHECKPOINT.fullmatch(folder):
        return IN_OLDER_CHECKPOINT.fullmatch(name) is not None
    return path in TOP or EVENT.fullmatch(path) is not None
