"""The run that a command goes on with where it is not named: `--resume last` and `--requeue`."""

import time
from collections.abc import Iterable
from pathlib import Path

from tui_trainer.errors import InputError
from tui_trainer.runs.listing import read_run
from tui_trainer.runs.own_runs import FoundRun, own_runs, runs_of, whole_checkpoint
from tui_trainer.runs.presence import (
    BEAT_SECONDS,
    LOST_SECONDS,
    is_being_written,
    is_of_this_machine,
)
from tui_trainer.say import say
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings
from tui_trainer.terminal_text import visible

LAST = "last"
LOOK_SECONDS = 1.0
NOT_HEARD_OF = LOST_SECONDS + BEAT_SECONDS


def last_checkpoint(choice: ModelChoice, problems: str) -> Path:
    """The newest whole checkpoint of the newest run of a model on these problems that has one.

    InputError where there is none, or the run is still being written.
    """
    found = _newest_whole(runs_of(choice, problems))
    if found is None:
        raise InputError(
            f"There is no run of {choice.source} on {problems} with a whole checkpoint: leave out "
            "--resume to begin one, or name the run."
        )
    return found


def own_checkpoint(choice: ModelChoice, settings: TrainSettings, job: str) -> Path | str | None:
    """Where the run that the same command began goes on; why it does not, in a sentence, where it
    is finished; None where it is to begin."""
    own = own_runs(choice, settings, job)
    if not own:
        return None
    newest = _at_its_end(own[0])
    if reason := newest.description.stop_reason:
        return (
            f"Run {newest.folder.name} has ended. {visible(reason)} There is nothing to do. To "
            "begin another, leave out --requeue or give it a name."
        )
    if newest.is_finished:
        return (
            f"Run {newest.folder.name} has made all of its {newest.description.steps:,} steps: "
            "there is nothing to do. To begin another, leave out --requeue or give it a name."
        )
    found = _newest_whole(own)
    if found is None:
        say(f"Run {newest.folder.name} has no whole checkpoint: it begins anew.")
    return found


def _newest_whole(runs: Iterable[FoundRun]) -> Path | None:
    """The newest whole checkpoint of the first run that has one; what is passed over is told."""
    for run in runs:
        checkpoint, damaged = whole_checkpoint(_at_its_end(run))
        for other in damaged:
            say(f"{other.name} of {run.folder.name} is damaged, and passed over.")
        if checkpoint is not None:
            say(f"going on from {checkpoint.name} of {run.folder.name}")
            return checkpoint
    return None


def _at_its_end(run: FoundRun) -> FoundRun:
    """The run as it is once nobody writes it; InputError where somebody does.

    A machine that went down leaves a run that seems to be, until its heart has not beaten for a
    while: that is waited for, since whoever queues a job again does so at once.
    """
    name, until = run.folder.name, time.monotonic() + NOT_HEARD_OF
    is_told = False
    while is_being_written(run.folder):
        if is_of_this_machine(run.folder) or time.monotonic() > until:
            raise InputError(
                f"Run {name} is still being written by another process: wait for its end, or stop "
                "it."
            )
        if not is_told:
            say(
                f"Run {name} was written on another machine a moment ago: waiting up to "
                f"{NOT_HEARD_OF:.0f} s for that to end."
            )
            is_told = True
        time.sleep(LOOK_SECONDS)
    return FoundRun(run.folder, read_run(run.folder)) if is_told else run
