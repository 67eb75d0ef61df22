"""What a run takes over of the one that it goes on with, and whether it can."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.data.plan import plan_steps
from tui_trainer.engine.loop.identity import identify_data
from tui_trainer.errors import InputError
from tui_trainer.runs.checkpoint_check import check_checkpoint
from tui_trainer.runs.description import OnStep, Parent, Tally
from tui_trainer.runs.home import METRICS_FILE
from tui_trainer.runs.listing import read_run
from tui_trainer.runs.metrics import append_changes, copy_up_to, tally_up_to
from tui_trainer.runs.training_facts import TrainingFacts
from tui_trainer.settings.train import TrainSettings


def parent_of(checkpoint: Path | None) -> tuple[Parent | None, Tally, OnStep]:
    """Where a run was resumed from, and what the metrics come to that it takes over; None for one
    that was not.

    They were looked at when the run was resumed: they may have changed since.
    """
    if checkpoint is None:
        return None, Tally(), OnStep()
    facts = check_checkpoint(checkpoint, lambda _: False)
    run = checkpoint.parent.parent
    tally = tally_up_to(run / METRICS_FILE, facts.step, facts.tally)
    return Parent(run.name, facts.step), tally, facts.on_step


def take_over(checkpoint: Path, metrics: Path, tally: Tally, on_step: OnStep) -> Tally:
    """Begin `metrics` with those of the checkpoint; what they come to, with all their bytes.

    What was done on Step between its last step and the checkpoint is in its weights.
    """
    before = checkpoint.parent.parent / METRICS_FILE
    copy_up_to(before, metrics, tally)
    added = append_changes(before, tally.bytes, on_step.lines_since_step, metrics)
    return replace(tally, bytes=tally.bytes + added)


def check_resumable(
    checkpoint: Path, facts: TrainingFacts, settings: TrainSettings, examples: Sequence[Example]
) -> None:
    """InputError where the loop of a checkpoint cannot go on with these items and settings.

    `facts` are what the checkpoint says of its loop.
    """
    run = read_run(checkpoint.parent.parent)
    tally_up_to(checkpoint.parent.parent / METRICS_FILE, facts.step, facts.tally)
    data = identify_data(settings.problems, examples)
    if (data.items, data.fingerprint) != (run.data.items, run.data.fingerprint):
        raise InputError(
            f"The items of {settings.problems} are not those that {run.name} was trained on: "
            "restore the data, or start a run of its own."
        )
    step, steps = facts.step, len(plan_steps(examples, settings))
    if step >= steps:
        raise InputError(
            f"{run.name} has made all of its {steps:,} steps at {checkpoint.name}: load the "
            "checkpoint and start a run of its own."
        )
