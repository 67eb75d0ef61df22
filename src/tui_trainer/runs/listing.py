"""The runs that there are, and what came of each so far."""

import math
import os
from dataclasses import dataclass, replace
from pathlib import Path

from tui_trainer.errors import InputError
from tui_trainer.runs.began import began
from tui_trainer.runs.checkpoint_names import step_of
from tui_trainer.runs.checkpoints import checkpoint_folders, take_back
from tui_trainer.runs.deletion import GONE, Deletion, delete_own_files
from tui_trainer.runs.description import RunDescription, RunState
from tui_trainer.runs.home import (
    METRICS_FILE,
    RUN_FILE,
    foreign_folders,
    given_path,
    is_run,
    run_folders,
)
from tui_trainer.runs.json_files import read_json
from tui_trainer.runs.metrics import tally_on
from tui_trainer.runs.presence import is_being_written
from tui_trainer.settings.train import TrainSettings, of_a_run
from tui_trainer.terminal_text import visible_source

PATH_CHARACTERS = 500
NO_RUN = "{} is no run of this program, or one that was not deleted whole: it has no run.json."


@dataclass(frozen=True)
class RunOnDisk:
    """A run as it is now."""

    folder: Path
    description: RunDescription
    """Its tally counts all lines of the metrics file, and its state is what it is now."""
    checkpoints: tuple[int, ...]
    """Their steps."""

    @property
    def best_checkpoint(self) -> int | None:
        """The step of the one with the lowest loss of the held-out items, where it is there."""
        best = self.description.best_checkpoint
        return best if best in self.checkpoints else None

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def state(self) -> RunState:
        return RunState(self.description.state)


@dataclass(frozen=True)
class DamagedRun:
    """A folder that is no run that can be read."""

    folder: Path
    why: str


def read_run(folder: Path) -> RunDescription:
    """`run.json` as it is; InputError where it is damaged or foreign."""
    description = read_json(folder / RUN_FILE, RunDescription)
    if description.state not in {state.value for state in RunState}:
        raise InputError(f"{folder} is in a state that is not known: choose another run.")
    if not math.isfinite(description.tally.seconds):
        raise InputError(f"{folder / RUN_FILE} has a time that is none: choose another run.")
    return replace(description, settings=of_a_run(description.settings))


def settings_here(run: RunDescription) -> TrainSettings:
    """The settings of a run with the problems where they are, whatever folder one is in now.

    InputError where the file that they were in is there no more.
    """
    path = run.data.path
    if not path or os.path.isfile(path):  # noqa: PTH113  # Path's raises for a long name
        return replace(run.settings, problems=path or run.settings.problems)
    if os.path.isfile(given_path(run.settings.problems)):  # noqa: PTH113  # both were moved
        return run.settings
    where = visible_source(path, PATH_CHARACTERS)
    raise InputError(
        f"The problems of {run.name} were in {where}, and there is no such file: put it back."
    )


def open_run(folder: Path) -> RunOnDisk:
    """A run with what its metrics come to now; InputError where it is damaged."""
    # First, so that a run that ends meanwhile is not taken for one that broke off.
    going = is_being_written(folder)
    description = read_run(folder)
    if description.state == RunState.GOING.value:
        state = RunState.GOING if going else RunState.BROKEN_OFF
        tally = tally_on(folder / METRICS_FILE, description.tally)
        description = replace(description, state=state.value, tally=tally)
    take_back(folder)
    steps = tuple(step_of(path) for path in checkpoint_folders(folder))
    return RunOnDisk(folder, description, steps)


def list_runs() -> tuple[list[RunOnDisk], list[DamagedRun]]:
    """All runs, the last that began first, and the folders that cannot be read."""
    runs, damaged = [], []
    for folder in run_folders():
        try:
            runs.append(open_run(folder))
        except InputError as error:
            damaged.append(DamagedRun(folder, str(error)))
    damaged += [DamagedRun(folder, NO_RUN.format(folder)) for folder in foreign_folders()]
    # Runs that began in the same second stay as they are, by their numbers.
    runs.sort(key=lambda run: began(run.description.started, run.folder), reverse=True)
    return runs, damaged


def check_deletable(folder: Path) -> None:
    """InputError where the folder is a link, no run that can be read, or being written."""
    if folder.is_symlink() or (folder / RUN_FILE).is_symlink():
        raise InputError(
            f"{folder} is a link, or its run.json is one: delete the run where it is, and the link "
            "by hand."
        )
    if not os.path.lexists(folder):
        raise InputError(GONE.format(folder))
    if not is_run(folder):
        raise InputError(f"{folder} has no run.json, so it is no run: delete it by hand.")
    try:
        read_run(folder)
    except InputError as error:
        if not is_run(folder):
            raise InputError(GONE.format(folder)) from None
        raise InputError(
            f"{folder} cannot be read as a run, so it is not known which files are its own: delete "
            "it by hand."
        ) from error
    if is_being_written(folder):
        raise InputError(f"The run {folder.name} is going: stop its loop before you delete it.")


def delete_whole(folder: Path) -> Deletion:
    """Delete a run that nobody writes, with its checkpoints; InputError where that cannot be.

    What in its folder is not its own is left, and told.
    """
    check_deletable(folder)
    return delete_own_files(folder)
