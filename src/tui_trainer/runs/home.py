"""Where runs are: their folders are made, listed, found by name and deleted here."""

import os
import re
from datetime import datetime
from functools import partial
from pathlib import Path

from tui_trainer.errors import InputError
from tui_trainer.runs.private_files import FOLDER_MODE, private_folder
from tui_trainer.runs.retried import retried
from tui_trainer.runs.unwritable import unwritable
from tui_trainer.xdg import data_home

RUN_FILE = "run.json"
METRICS_FILE = "metrics.jsonl"
WRITER_FILE = "writer.json"
CHECKPOINTS = "checkpoints"
LONGEST_MODEL_NAME = 40


def changed_at(home: Path) -> int:
    """When something was last made, renamed or deleted in a folder, in ns; 0 where none is."""
    try:
        return home.stat().st_mtime_ns
    except OSError:
        return 0


def is_at_home(path: Path) -> bool:
    """Whether a file is among those of this program, which are their owner's alone."""
    return path.absolute().is_relative_to(data_home())


def runs_home() -> Path:
    """Where the runs are, each in a folder; it may not be there yet."""
    return data_home() / "runs"


def check_home(home: Path | None = None, what: str = "run") -> Path:
    """A folder of folders, made where it is not there; InputError where none can be written.

    Without `home` it is that of all runs; `what` is to be written there.
    """
    home = home or runs_home()
    try:
        private_folder(data_home())
        private_folder(home)
    except OSError as error:
        raise unwritable(home, error, what) from error
    if not os.access(home, os.W_OK | os.X_OK):
        raise unwritable(home, PermissionError("permission denied"), what)
    return home


def make_folder(model: str, now: datetime, home: Path | None = None, what: str = "run") -> Path:
    """A new folder `<date>-<model>-<n>`, with the smallest number that is free, of a run; of `what`
    is in `home` it is `<date>-<model>-<what>-<n>`, so that no two kinds share a name."""
    stem = f"{now:%Y-%m-%d}-{plain_name(model)}" + (f"-{what}" if home is not None else "")
    home = check_home(home, what)
    number = 1
    while True:
        folder = home / f"{stem}-{number}"
        try:
            retried(partial(folder.mkdir, FOLDER_MODE))
        except FileExistsError:
            number += 1
        except OSError as error:
            raise unwritable(folder, error, what) from error
        else:
            return folder


def plain_name(model: str) -> str:
    """A model's name as part of a folder's: letters, digits, dots and hyphens."""
    plain = re.sub(r"[^A-Za-z0-9._]+", "-", model)[:LONGEST_MODEL_NAME].strip("-.")
    return plain or "model"


def run_folders() -> list[Path]:
    """The folders of all runs, the newest first."""
    return [folder for folder in _folders() if is_run(folder)]


def foreign_folders() -> list[Path]:
    """The folders among them that are no runs."""
    return [folder for folder in _folders() if folder.is_dir() and not is_run(folder)]


def is_run(folder: Path) -> bool:
    """Whether the folder has a `run.json`; False where it cannot even be looked into."""
    return os.path.isfile(folder / RUN_FILE)  # noqa: PTH113  # Path's raises where it may not look


def _folders() -> list[Path]:
    """What is in the folder of all runs, the newest first."""
    try:
        return sorted(runs_home().iterdir(), key=_age, reverse=True)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError(f"The runs in {runs_home()} cannot be read ({error.strerror}).") from error


def _age(folder: Path) -> tuple[str, int, str]:
    """By date, then number; what was renamed by hand is sorted by when it changed last."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)-.*?(\d{1,9})", folder.name)
    if found is not None:
        return found[1], int(found[2]), folder.name
    try:
        return "", folder.stat().st_mtime_ns, folder.name
    except OSError:  # deleted meanwhile, or a link to nowhere
        return "", 0, folder.name


def given_path(name: str) -> Path:
    """A path as it was typed; one that begins with the home of nobody stays as it is."""
    try:
        return Path(name).expanduser()
    except RuntimeError:
        return Path(name)


def find_run(name: str) -> Path:
    """The folder of the run called `name`, or that is at this path; InputError where none is."""
    return find_folder(name).resolve()


def find_folder(name: str) -> Path:
    """The same as it is named, which may be a link."""
    given = given_path(name)
    named = [runs_home() / name] if name and given.name == name else []
    for folder in (*named, given):
        if is_run(folder):
            return folder.absolute()
    raise InputError(f"There is no run {name}: `tui-trainer runs` lists those that there are.")
