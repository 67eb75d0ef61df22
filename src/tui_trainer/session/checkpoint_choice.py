"""A checkpoint as the model to load: in the precision that its run trained in."""

from dataclasses import replace
from pathlib import Path

from tui_trainer.runs.checkpoint_names import checkpoint_name
from tui_trainer.runs.home import CHECKPOINTS
from tui_trainer.runs.listing import RunOnDisk
from tui_trainer.settings.model import ModelChoice


def checkpoint_folder(run: RunOnDisk, step: int) -> Path:
    return run.folder / CHECKPOINTS / checkpoint_name(step)


def choice_of_checkpoint(run: RunOnDisk, step: int, now: ModelChoice) -> ModelChoice:
    """What else is chosen stays as it is `now`; InputError where there is no such precision."""
    trained = run.description.model
    return replace(
        now,
        source=str(checkpoint_folder(run, step)),
        precision=trained.precision,
        deterministic=now.deterministic or trained.deterministic,
    )
