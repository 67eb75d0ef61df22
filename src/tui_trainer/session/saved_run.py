"""What is on disk of the loop that goes, and of weights that were saved, in words."""

from dataclasses import dataclass, replace

from tui_trainer.reports.runs import CheckpointReport, SavedReport
from tui_trainer.terminal_text import visible
from tui_trainer.words.numbers import are, byte_count, counted, seconds_of

Saved = CheckpointReport | SavedReport
"""Where weights were written, or that they could not be."""
NOTHING_UNSAVED = "There is nothing to save: a file has every update already."


@dataclass(frozen=True)
class SavedRun:
    """The run of a loop as the interface last heard of it."""

    name: str
    step: int
    checkpoint_step: int = 0
    """The step of its last checkpoint; 0 without one."""
    is_deleted: bool = False
    """Whether it was deleted since, with all of its checkpoints."""

    @property
    def unsaved(self) -> int:
        """How many steps are in no checkpoint."""
        return self.step if self.is_deleted else self.step - self.checkpoint_step

    def describe(self, *, goes_on: bool = False) -> str:
        """What of the run is on disk, and which steps are in no checkpoint; of a run that `goes_on`
        without their number, which grows while this is read and stands elsewhere as it is."""
        kept = f"The settings and losses of {visible(self.name)} are saved"
        if not self.checkpoint_step:
            steps = "steps are" if goes_on else f"{counted(self.step, 'step')} {are(self.step)}"
            return f"{kept}; its {steps} in no checkpoint."
        if goes_on:
            return f"{kept}, and a checkpoint of step {self.checkpoint_step:,}; no step since is."
        if not self.unsaved:
            return f"{kept}, and step {self.step:,} is in a checkpoint that can be resumed."
        return (
            f"{kept}, and a checkpoint of step {self.checkpoint_step:,}; the "
            f"{counted(self.unsaved, 'step')} since {are(self.unsaved)} in none."
        )


def after_step(saved: SavedRun | None, run: str, step: int, resumed_at: int) -> SavedRun:
    """What is known of a run once it has made a step; `saved` is what was known before, of any.

    A run that was resumed at a step has the checkpoint of it; 0 where it was not.
    """
    if saved is None or saved.name != run:
        saved = SavedRun(run, step, resumed_at)
    return replace(saved, step=max(saved.step, step))


def describe_saved(saved: Saved | None) -> str:
    """Where the weights are; why not, where they could not be written or there was no need."""
    if saved is None:
        return NOTHING_UNSAVED
    if isinstance(saved, CheckpointReport) and saved.failure is not None:
        return visible(saved.failure)
    size = f"{byte_count(saved.bytes)} in {seconds_of(saved.seconds)}"
    if isinstance(saved, CheckpointReport):
        return f"Checkpoint of step {saved.step:,} saved: {size}.\nRun {visible(saved.run)}"
    return (
        f"Saved as the model {visible(saved.name)}, after {counted(saved.updates, 'update')} in "
        f"all: {size}.\nm loads it, and so does --model."
    )
