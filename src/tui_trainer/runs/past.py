"""What a run was up to a checkpoint, for a screen that goes on from there."""

from dataclasses import dataclass, field
from pathlib import Path

from tui_trainer.runs.curve import as_float
from tui_trainer.runs.home import METRICS_FILE
from tui_trainer.runs.loss_series import LossSeries
from tui_trainer.runs.metrics import (
    ChangeLine,
    LrLine,
    damaged,
    read_change,
    read_lines,
    read_lr,
    read_step,
    read_validation,
)


@dataclass
class Past:
    """Losses, measurements and changes of the learning rate, and what the steps came to."""

    losses: LossSeries = field(default_factory=LossSeries)
    validation: LossSeries = field(default_factory=LossSeries)
    """Of the held-out items, the loss that belongs beside the run's own."""
    changes: list[LrLine | ChangeLine] = field(default_factory=list)
    """Of the learning rate, and of the weights between two steps."""
    tokens: int = 0
    seconds: float = 0.0

    def add(self, line: dict[str, object], *, answer_only: bool) -> None:
        """Add one line of a metrics file; ValueError where it is none."""
        if (step := read_step(line)) is not None:
            self.losses.append(step.step, as_float(step.loss))
            self.tokens += step.tokens
            self.seconds += step.seconds
        elif (measured := read_validation(line)) is not None:
            loss = measured.answer_loss if answer_only else measured.loss
            if loss is not None:
                self.validation.append(measured.step, loss)
        elif (change := read_lr(line) or read_change(line)) is not None:
            self.changes.append(change)


def past_up_to(run: Path, step: int, *, answer_only: bool) -> Past:
    """A run up to and with `step`; what was measured after it, the run that goes on measures.

    InputError where the metrics are damaged.
    """
    past, path = Past(), run / METRICS_FILE
    for line, _ in read_lines(path):
        number = line.get("step")
        if not isinstance(number, int) or number > step:
            break
        try:
            past.add(line, answer_only=answer_only)
        except ValueError as error:
            raise damaged(path, error) from error
        if number == step and "event" not in line:
            break
    return past
