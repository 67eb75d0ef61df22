"""What the loaded weights are: those that R goes back to."""

from pathlib import Path

from tui_trainer.runs.checkpoint_names import step_of
from tui_trainer.runs.home import CHECKPOINTS
from tui_trainer.terminal_text import visible, visible_source
from tui_trainer.words.runs import NAME_CHARACTERS


def describe_loaded(source: str) -> str:
    """`step 42 of 2026-11-30-builtin-5` of a checkpoint; else what `--model` took, in short."""
    path = Path(source)
    if path.parent.name != CHECKPOINTS or not (step := step_of(path)):
        return visible_source(source, NAME_CHARACTERS)
    return f"step {step:,} of {visible(path.parent.parent.name, limit=NAME_CHARACTERS)}"
