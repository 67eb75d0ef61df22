"""What a loop wants to be looked at for: frozen dataclasses of plain values. No torch here."""

from dataclasses import dataclass
from typing import Literal

from tui_trainer.terminal_text import visible

Kind = Literal[
    "not_finite",
    "loss_spike",
    "gradient_spike",
    "update_spike",
    "no_progress",
    "validation_rises",
    "disk",
    "device_memory",
]
SPIKES: tuple[Kind, ...] = ("loss_spike", "gradient_spike", "update_spike")
NAMES: dict[Kind, str] = {
    "not_finite": "not finite",
    "loss_spike": "loss spike",
    "gradient_spike": "gradient spike",
    "update_spike": "update spike",
    "no_progress": "no progress",
    "validation_rises": "validation rises",
    "disk": "disk nearly full",
    "device_memory": "memory taken",
}
"""In a word or two, for a mark on a chart."""


def name_of(kind: str) -> str:
    """That of a kind that a file has; one of a later version as it is, fit for a terminal."""
    return next((name for known, name in NAMES.items() if known == kind), visible(kind, limit=20))


@dataclass(frozen=True)
class Alert:
    """One thing that is not as it should be."""

    kind: Kind
    step: int
    """The one that it was seen at: for what is measured between two steps the one before."""
    says: str
    """What it is and what can be done, in a sentence or two."""
    value: float | None = None
    """What was measured: nats, a norm, or bytes that are free."""
    usual: float | None = None
    """What it was before, or is to be."""
    score: float | None = None
    """Of a spike: by how many robust standard deviations it is above the median."""
    items: tuple[int, ...] = ()
    """Of the step, by their numbers in the data set, those first that it is about."""
