"""What a training loop tells beside its steps: frozen dataclasses of plain values. No torch."""

from dataclasses import dataclass

from tui_trainer.engine.evaluation_reports import EvaluatedItem
from tui_trainer.engine.reports import StepReport


@dataclass(frozen=True)
class PartReport:
    """How far something is that takes longer than a step; between two of these keys are heard."""

    what: str
    """In a word: `validating`, `answering`."""
    share: float
    """How much of it is done, from 0 to 1."""


@dataclass(frozen=True)
class ValidationReport:
    """The losses of the held-out items, each a mean over all tokens of its kind, in nats."""

    step: int
    """How many steps were made before; 0 is before the first."""
    items: int
    loss: float
    """Of every token that has one before it, question and answer together."""
    question_loss: float | None
    """Of the tokens before the answer; None where there is none."""
    answer_loss: float | None
    question_tokens: int
    answer_tokens: int
    answer_only: bool
    """Whether the loop's own loss counts the tokens of the answers alone."""
    seconds: float
    """Spent on it, what others did meanwhile left out."""

    @property
    def compared_loss(self) -> float | None:
        """Of the tokens that the loop's own loss counts: what belongs beside its curve."""
        return self.answer_loss if self.answer_only else self.loss


@dataclass(frozen=True)
class SampleReport:
    """Greedy answers to a few held-out questions, with the expected ones."""

    step: int
    """How many steps were made before; 0 is before the first."""
    items: tuple[EvaluatedItem, ...]
    seconds: float


LoopReport = StepReport | ValidationReport | SampleReport | PartReport
