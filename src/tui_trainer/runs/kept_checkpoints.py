"""Which checkpoints of a run stay: the newest few, and the best by validation."""

import math
from collections.abc import Iterator
from pathlib import Path

from tui_trainer.reports.loop import ValidationReport
from tui_trainer.runs.checkpoint_names import checkpoint_name, step_of
from tui_trainer.runs.checkpoints import checkpoint_folders
from tui_trainer.runs.deletion import delete_checkpoint


class KeptCheckpoints:
    """Knows what was measured at each step of a run, and so which checkpoint is the best."""

    def __init__(self, keep: int) -> None:
        """`keep` is how many of the newest stay; 0 keeps all."""
        self._keep = keep
        self._losses: dict[int, float] = {}
        self._told: set[str] = set()

    def measured(self, report: ValidationReport) -> None:
        """Keep in mind what was measured, where it is a number."""
        loss = report.compared_loss
        if loss is not None and math.isfinite(loss):
            self._losses[report.step] = loss

    def best(self, run: Path) -> int | None:
        """The step of the checkpoint with the lowest loss of the held-out items, the first of
        several that are alike; None where nothing was measured at any."""
        steps = [step for step in map(step_of, checkpoint_folders(run)) if step in self._losses]
        return min(steps, key=lambda step: self._losses[step], default=None)

    def delete_others(self, run: Path, newest: int) -> Iterator[str]:
        """Delete those that are not to stay, once that of step `newest` is whole; where one stays
        all the same a sentence says why, once."""
        if not self._keep:
            return
        steps = [step_of(folder) for folder in checkpoint_folders(run)]
        stay = {*steps[-self._keep :], newest, self.best(run)}
        for step in steps:
            name = checkpoint_name(step)
            if step in stay or not (why := delete_checkpoint(run, name)):
                continue
            if name not in self._told:
                self._told.add(name)
                yield f"The checkpoint {name} is not deleted: {why}."
