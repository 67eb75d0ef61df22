"""What a checkpoint is called: by its step."""

import re
from pathlib import Path

NAME = re.compile(r"step-(\d{6,})")


def checkpoint_name(step: int) -> str:
    return f"step-{step:06}"


def step_of(checkpoint: Path) -> int:
    """The step that a checkpoint's name tells; 0 where it tells of none."""
    found = NAME.fullmatch(checkpoint.name)
    return int(found[1]) if found else 0
