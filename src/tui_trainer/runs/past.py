"""What a run was up to a checkpoint, for a screen that goes on from there."""

from dataclasses import dataclass, field
from pathlib import Path

from tui_trainer.runs.curve import as_float
from tui_trainer.runs.home import METRICS_FILE
from tui_trainer.runs.loss_series import LossSeries
from tui_trainer.runs.metrics import (
    ChangeLine,
    LrLine,
    MetricsLine,
    StepLine,
    ValidationLine,
    read_lines,
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

    def add(self, line: MetricsLine, *, answer_only: bool) -> None:
        """Add one line of a metrics file."""
        if isinstance(line, StepLine):
            self.losses.append(line.step, as_float(line.loss))
            self.tokens += line.tokens
            self.seconds += line.seconds
        elif isinstance(line, ValidationLine):
            loss = line.answer_loss if answer_only else line.loss
            if loss is not None:
                self.validation.append(line.step, loss)
        elif isinstance(line, LrLine | ChangeLine):
            self.changes.append(line)


def past_up_to(run: Path, step: int, *, answer_only: bool) -> Past:
    """A run up to and with `step`; what was measured after it, the run that goes on measures.

    InputError where the metrics are damaged.
    """
    past = Past()
    for line, _ in read_lines(run / METRICS_FILE):
        if line.step is None or line.step > step:
            break
        past.add(line, answer_only=answer_only)
        if line.step == step and isinstance(line, StepLine):
            break
    return past
