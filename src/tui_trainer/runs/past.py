"""What a run was up to a checkpoint, for a screen that goes on from there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tui_trainer.reports.layers import FIGURES
from tui_trainer.runs.curve import as_float
from tui_trainer.runs.home import METRICS_FILE
from tui_trainer.runs.layer_history import LayerHistory
from tui_trainer.runs.metrics import (
    AlertLine,
    ChangeLine,
    LayersLine,
    LrLine,
    MetricsLine,
    StepLine,
    ValidationLine,
    read_whole_lines,
)
from tui_trainer.runs.series import Series
from tui_trainer.runs.step_numbers import MOST, step_numbers


@dataclass
class Past:
    """Losses, measurements and changes of the learning rate, and what the steps came to."""

    losses: Series = field(default_factory=Series)
    validation: Series = field(default_factory=Series)
    """Of the held-out items, the loss that belongs beside the run's own."""
    question: Series = field(default_factory=Series)
    """Of the tokens before the answers of the held-out items."""
    answer: Series = field(default_factory=Series)
    numbers: dict[str, Series] = field(default_factory=dict)
    """Each number that a step's line has, by its name."""
    changes: list[LrLine | ChangeLine | AlertLine] = field(default_factory=list)
    """Of the learning rate, and of the weights between two steps, and what alarmed."""
    tokens: int = 0
    seconds: float = 0.0
    layers: LayerHistory = field(default_factory=LayerHistory)
    clipped: int = 0
    """Steps whose gradients were."""

    def add(self, line: MetricsLine, *, answer_only: bool) -> None:
        """Add one line of a metrics file."""
        if isinstance(line, StepLine):
            self.losses.append(line.step, as_float(line.loss))
            self.tokens += line.tokens
            self.seconds += line.seconds
            self.clipped += line.clipped
        elif isinstance(line, ValidationLine):
            loss = line.answer_loss if answer_only else line.loss
            measured = (
                (self.validation, loss),
                (self.question, line.question_loss),
                (self.answer, line.answer_loss),
            )
            for series, one in measured:
                if one is not None:
                    series.append(line.step, one)
        elif isinstance(line, LayersLine):
            figures = {figure: getattr(line, figure) for figure in FIGURES}
            self.layers.add(line.step, line.layers, figures)
        elif isinstance(line, LrLine | ChangeLine | AlertLine):
            self.changes.append(line)

    def add_numbers(self, step: int, numbers: Mapping[str, float]) -> None:
        """Add what the line of a step has beside its loss."""
        for name, number in numbers.items():
            if name not in self.numbers and len(self.numbers) >= MOST:
                continue
            self.numbers.setdefault(name, Series()).append(step, number)


def past_up_to(run: Path, step: int, *, answer_only: bool) -> Past:
    """A run up to and with `step`; what was measured after it, the run that goes on measures.

    InputError where the metrics are damaged.
    """
    past = Past()
    for line, whole in read_whole_lines(run / METRICS_FILE):
        if line.step is None or line.step > step:
            break
        past.add(line, answer_only=answer_only)
        if isinstance(line, StepLine):
            past.add_numbers(line.step, step_numbers(whole))
        if line.step == step and isinstance(line, StepLine):
            break
    return past
