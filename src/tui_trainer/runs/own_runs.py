"""Which runs are of a model and its data, which of them a command's own, and where they go on."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tui_trainer.errors import InputError
from tui_trainer.runs.began import began
from tui_trainer.runs.checkpoint_check import is_whole
from tui_trainer.runs.checkpoint_names import step_of
from tui_trainer.runs.checkpoints import checkpoint_folders, take_back
from tui_trainer.runs.description import RunDescription, RunState
from tui_trainer.runs.home import given_path, run_folders
from tui_trainer.runs.listing import read_run
from tui_trainer.settings.fields import ALERTS, STOPPING, fields_of
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

MAY_CHANGE = (
    *("checkpoint_every", "checkpoint_at_end", "keep_checkpoints", "log_to"),
    *("grace", "skip_not_finite"),
)
"""Settings that change nothing in what is learned while all is well, so that a resumed run may have
others."""
UNWRITTEN = tuple(
    field.name for field in fields_of(TrainSettings) if field.group in (ALERTS, STOPPING)
)
"""So it may of these, which are of a loop that is not written to disk, too."""


@dataclass(frozen=True)
class FoundRun:
    """A run as its `run.json` says."""

    folder: Path
    description: RunDescription

    @property
    def is_finished(self) -> bool:
        """Whether it has made all of its steps; one that was killed while it said so has its last
        checkpoint."""
        if self.description.state == RunState.FINISHED.value:
            return True
        steps, checkpoints = self.description.steps, checkpoint_folders(self.folder)
        return bool(steps and checkpoints) and step_of(checkpoints[-1]) >= steps


def runs_of(choice: ModelChoice, problems: str) -> list[FoundRun]:
    """The runs of a model on these problems, the last that began first; damaged ones are none."""
    found = [run for run in _all_runs() if _is_of(run.description, choice.source, problems)]
    return sorted(found, key=lambda run: began(run.description.started, run.folder), reverse=True)


def own_runs(choice: ModelChoice, settings: TrainSettings, job: str) -> list[FoundRun]:
    """Those of them that the same command began, in the same `job` where it is of one."""
    return [
        run
        for run in runs_of(choice, settings.problems)
        if run.description.job == job and _is_same(run.description, choice, settings)
    ]


def job_of(environment: Mapping[str, str]) -> str:
    """The job that this process is of, by a name that it keeps when Slurm queues it again; else
    empty."""
    array, task = environment.get("SLURM_ARRAY_JOB_ID"), environment.get("SLURM_ARRAY_TASK_ID")
    job = f"{array}_{task}" if array and task else environment.get("SLURM_JOB_ID", "")
    cluster = environment.get("SLURM_CLUSTER_NAME")
    return " ".join(part for part in ("slurm", cluster, job) if part) if job else ""


def whole_checkpoint(run: FoundRun) -> tuple[Path | None, list[Path]]:
    """The newest of its checkpoints that is as it was written, and the damaged ones after it."""
    take_back(run.folder)
    damaged: list[Path] = []
    for checkpoint in reversed(checkpoint_folders(run.folder)):
        if is_whole(checkpoint):
            return checkpoint, damaged
        damaged.append(checkpoint)
    return None, damaged


def _all_runs() -> Iterator[FoundRun]:
    for folder in run_folders():
        try:
            yield FoundRun(folder, read_run(folder))
        except InputError:
            continue  # `tui-trainer runs` tells of it


def _is_of(run: RunDescription, source: str, problems: str) -> bool:
    return _is_same_place(run.model.source, source) and any(
        _is_same_place(place, problems) for place in (run.data.path, run.settings.problems) if place
    )


def _is_same_place(one: str, other: str) -> bool:
    """Whether two names are of one thing: a path may be written in several ways."""
    if one == other:
        return True
    one, other = str(given_path(one)), str(given_path(other))
    there = os.path.exists(one)  # noqa: PTH110  # Path's raises for a long name
    return there and os.path.realpath(one) == os.path.realpath(other)


def _is_same(run: RunDescription, choice: ModelChoice, settings: TrainSettings) -> bool:
    """Whether what is learned is the same."""
    alike = {name: getattr(settings, name) for name in (*MAY_CHANGE, *UNWRITTEN, "problems")}
    return (
        replace(run.settings, **alike) == settings
        and choice.precision in ("auto", run.model.precision)
        and run.model.deterministic in (choice.deterministic, True)
    )
