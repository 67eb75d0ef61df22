"""What the engine tells of choosing the next token; no torch here, as in `reports.py`."""

from dataclasses import dataclass

from tui_trainer.reports.predictions import Candidate, Position, Prediction


@dataclass(frozen=True)
class SamplingStep:
    """The distribution over the next token after one step of sampling."""

    name: str
    """`softmax`, `temperature`, `top-k` or `top-p`, in this order."""
    survivors: int
    """How many entries of the vocabulary can still be chosen."""
    candidates: tuple[Candidate, ...]
    """The most likely survivors, best first, with the logit and p that they have after the step."""


@dataclass(frozen=True)
class GeneratedToken:
    """One token that was chosen to come next."""

    index: int
    """Its position in the sequence."""
    id: int
    text: str
    p: float
    """What it had after the last step of sampling; of a greedy choice its softmax."""
    draw: float | None
    """The random number in [0, 1) that chose it; None for a greedy choice."""
    ends: bool
    """True for a token that ends the text."""


@dataclass(frozen=True)
class Inspection:
    """One forward pass, one of its positions opened, and the token that would come next."""

    prediction: Prediction
    """With the most likely token alone at each position."""
    position: Position
    """The opened one, with its many most likely tokens."""
    steps: tuple[SamplingStep, ...]
    """What sampling makes of the opened position's logits."""
    next_token: GeneratedToken
    """What would be appended after the last position."""
    continuation: str
    """The text of the tokens generated so far, decoded together."""
