"""What a checkpoint is called: by its step."""

import re
from pathlib import Path

from tui_trainer.reports.runs import RunStep
from tui_trainer.runs.home import CHECKPOINTS

NAME = re.compile(r"step-(\d{6,})")
OF_A_STEP = re.compile(r"( step [\d,]+)+$")
"""What the name of a checkpoint's model adds to that of the model it was trained from."""


def checkpoint_name(step: int) -> str:
    return f"step-{step:06}"


def step_of(checkpoint: Path) -> int:
    """The step that a checkpoint's name tells; 0 where it tells of none."""
    found = NAME.fullmatch(checkpoint.name)
    return int(found[1]) if found else 0


def base_name(model: str) -> str:
    """The name of the model that a checkpoint's was trained from; of others their own."""
    return OF_A_STEP.sub("", model)


def run_step_of(checkpoint: Path) -> RunStep | None:
    """The run that a checkpoint is of, and its step; None of a folder that is no run's."""
    step = step_of(checkpoint)
    if checkpoint.parent.name != CHECKPOINTS or not step:
        return None
    return RunStep(checkpoint.parent.parent.name, step)
