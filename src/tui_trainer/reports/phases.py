"""What the training cell has made after each of its phases: frozen dataclasses, no torch."""

from dataclasses import dataclass

FORWARD, LOSS, BACKWARD, STEP, ZERO_GRAD = (
    "forward",
    "loss",
    "backward",
    "optimizer.step",
    "zero_grad",
)
PHASES = FORWARD, LOSS, BACKWARD, STEP, ZERO_GRAD
"""The training cell, in order."""


@dataclass(frozen=True)
class NamedNorm:
    """The 2-norm of all values of a layer or of a kind together."""

    name: str
    norm: float


@dataclass(frozen=True)
class PhaseReport:
    """What there is after a phase; what does not exist is None or empty."""

    phase: str | None
    """The one that ran last; None before the first."""
    next: str
    """The one that the cell has next."""
    words: str
    """What it did, in a sentence or two."""
    text: str | None
    """The text of the logits."""
    logits_shape: tuple[int, int, int] | None
    graph: int
    """Operations in the graph that backward can still go through; 0 where there is none."""
    loss: float | None
    grad_norm: float | None
    """Of all gradients together."""
    gradients: tuple[NamedNorm, ...]
    """Layer by layer; empty where no weight has a gradient."""
    moved: int | None
    """How many weights the last optimizer.step of this cell changed."""
    parameters: int
    moments: tuple[NamedNorm, ...]
    """What the optimizer keeps for the weights: AdamW's `exp_avg` and `exp_avg_sq`."""
    update: int
    """Counted from the loaded weights."""
