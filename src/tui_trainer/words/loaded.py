"""What the loaded weights are: those that R goes back to."""

from pathlib import Path

from tui_trainer.runs.checkpoint_names import run_step_of
from tui_trainer.terminal_text import visible_source
from tui_trainer.words.runs import NAME_CHARACTERS, describe_run_step


def describe_loaded(source: str) -> str:
    """`step 42 of 2026-11-30-builtin-5` of a checkpoint; else what `--model` took, in short."""
    if (left_by := run_step_of(Path(source))) is not None:
        return describe_run_step(left_by)
    return visible_source(source, NAME_CHARACTERS)
