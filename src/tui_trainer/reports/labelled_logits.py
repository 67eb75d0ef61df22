"""One row of logits with its label, and what cross entropy makes of it. No torch here."""

import math
from dataclasses import dataclass

from tui_trainer.errors import InputError
from tui_trainer.settings.typed_numbers import read_number

CLASSES_AT_LEAST, CLASSES_AT_MOST = 2, 20
LARGEST_LOGIT = 1000.0  # far outside what models give; its loss is still shown in full


def check_logit(logit: float) -> float:
    """Return `logit`; raise InputError where it is no number of the range."""
    if not math.isfinite(logit) or abs(logit) > LARGEST_LOGIT:
        raise InputError(
            f"A logit here is a number from {-LARGEST_LOGIT:g} to {LARGEST_LOGIT:g}, not {logit:g}."
        )
    return logit


@dataclass(frozen=True)
class LabelledLogits:
    """The logits of one prediction, one for each class, and the class that is right."""

    logits: tuple[float, ...]
    label: int
    """The index of the right class, from 0."""

    def __post_init__(self) -> None:
        if not CLASSES_AT_LEAST <= len(self.logits) <= CLASSES_AT_MOST:
            raise InputError(
                f"Give {CLASSES_AT_LEAST} to {CLASSES_AT_MOST} logits, one for each class, "
                f"not {len(self.logits)}."
            )
        for logit in self.logits:
            check_logit(logit)
        if not 0 <= self.label < len(self.logits):
            raise InputError(
                f"The label is the index of a class, 0 to {len(self.logits) - 1}, not {self.label}."
            )


def read_logit(line: str) -> float:
    """A logit typed by hand; InputError where it is none."""
    return check_logit(read_number(line, "A logit", "-1.5"))


def read_logits(line: str) -> tuple[float, ...]:
    """All logits, as they stand in Python or with spaces alone; InputError where they cannot be."""
    numbers = line.replace("[", " ").replace("]", " ").replace(",", " ").split()
    logits = tuple(read_logit(number) for number in numbers)
    return LabelledLogits(logits, 0).logits


@dataclass(frozen=True)
class CrossEntropyReport:
    """What `F.cross_entropy` computes on the way from logits to gradient; a tuple has a value
    for each class. All in fp32, as in the training cell, but for `perplexity`.
    """

    question: LabelledLogits
    probabilities: tuple[float, ...]
    """softmax(logits)."""
    probability_sum: float
    log_probabilities: tuple[float, ...]
    """log softmax(logits): exact where the probability itself rounds to 0."""
    loss: float
    """-log p of the label, in nats."""
    log_sum_exp: float
    """log of the sum of exp(logits); the loss is this less the label's logit."""
    perplexity: float
    """exp(loss) in fp64; infinite where that overflows."""
    p_minus_onehot: tuple[float, ...]
    """The gradient of the loss by the textbook's formula."""
    gradient: tuple[float, ...]
    """The gradient of the loss as `loss.backward()` left it in `logits.grad`."""
    gradient_sum: float

    @property
    def label_probability(self) -> float:
        return self.probabilities[self.question.label]

    def stepped(self, lr: float) -> LabelledLogits:
        """The logits after a step of plain gradient descent, no further than a logit may be."""
        pairs = zip(self.question.logits, self.gradient, strict=True)
        after = (logit - lr * slope for logit, slope in pairs)
        within = tuple(max(-LARGEST_LOGIT, min(logit, LARGEST_LOGIT)) for logit in after)
        return LabelledLogits(within, self.question.label)

    @property
    def gradient_difference(self) -> float:
        """The largest difference between the two gradients."""
        pairs = zip(self.p_minus_onehot, self.gradient, strict=True)
        return max(abs(formula - autograd) for formula, autograd in pairs)
