"""What is on disk of the loop that goes, in words."""

from dataclasses import dataclass

from tui_trainer.terminal_text import visible


@dataclass(frozen=True)
class SavedRun:
    """The run of a loop as the interface last heard of it."""

    name: str
    step: int
    checkpoint_step: int = 0
    """The step of its last checkpoint; 0 without one."""

    @property
    def unsaved(self) -> int:
        """How many steps are in no checkpoint."""
        return self.step - self.checkpoint_step

    def describe(self) -> str:
        """What of the run is on disk, and which steps are in no checkpoint."""
        kept = f"The settings and losses of {visible(self.name)} are saved"
        if not self.checkpoint_step:
            return f"{kept}; its {self.step:,} steps are in no checkpoint."
        if not self.unsaved:
            return f"{kept}, and step {self.step:,} is in a checkpoint that can be resumed."
        return (
            f"{kept}, and a checkpoint of step {self.checkpoint_step:,}; the {self.unsaved:,} "
            "steps since are in none."
        )
