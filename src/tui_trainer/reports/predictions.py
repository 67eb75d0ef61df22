"""One forward pass, position by position. Text is raw, as the tokenizer gave it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """One vocabulary entry as a prediction."""

    id: int
    text: str
    p: float
    logit: float
    """The model's own output, before any softmax."""


@dataclass(frozen=True)
class Position:
    """What the model predicts after one input token."""

    index: int
    id: int
    text: str
    expected: Candidate | None
    """The token that really comes next; None at the last position."""
    loss: float | None
    """-log p of the expected token, in nats."""
    entropy: float
    """Of the whole distribution, in nats."""
    top: tuple[Candidate, ...]
    """The most likely tokens, best first."""
    expected_rank: int | None
    """1 where no entry of the vocabulary has a higher logit than the expected token."""
    p_sum: float
    """The sum of the probabilities of the whole vocabulary."""


@dataclass(frozen=True)
class Prediction:
    """One forward pass over one text."""

    text: str
    shape: tuple[int, int]
    logits_shape: tuple[int, int, int]
    loss: float | None
    """Mean cross entropy over the positions that have a next token, in nats."""
    positions: tuple[Position, ...]


@dataclass(frozen=True)
class PassesReport:
    """The same text through the same weights four times: what train and eval mode do."""

    train: tuple[Prediction, Prediction]
    eval: tuple[Prediction, Prediction]
    dropout: float
    """The largest probability of train mode."""
    dropped: str
    """What train mode drops, in a sentence."""
