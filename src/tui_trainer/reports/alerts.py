"""What a loop wants to be looked at for: frozen dataclasses of plain values. No torch here."""

from dataclasses import dataclass

from tui_trainer.terminal_text import visible

SPIKES = LOSS_SPIKE, GRADIENT_SPIKE, UPDATE_SPIKE = "loss_spike", "gradient_spike", "update_spike"
NOT_FINITE, NO_PROGRESS, VALIDATION_RISES = "not_finite", "no_progress", "validation_rises"
DISK, DEVICE_MEMORY = "disk", "device_memory"
NAMES = {
    NOT_FINITE: "not finite",
    LOSS_SPIKE: "loss spike",
    GRADIENT_SPIKE: "gradient spike",
    UPDATE_SPIKE: "update spike",
    NO_PROGRESS: "no progress",
    VALIDATION_RISES: "validation rises",
    DISK: "disk nearly full",
    DEVICE_MEMORY: "memory taken",
}
"""In a word or two, for a mark on a chart."""
KIND_CHARACTERS = 20


def name_of(kind: str) -> str:
    """That of a kind that a file has; one of a later version as it is, fit for a terminal."""
    return NAMES.get(kind) or visible(kind, limit=KIND_CHARACTERS)


@dataclass(frozen=True)
class Alert:
    """One thing that is not as it should be."""

    kind: str
    """One of NAMES."""
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
    token: str = ""
    """Of a spike: the token with the highest loss in the first of them."""
    token_loss: float | None = None
    layer: str = ""
    """Of a spike: the one whose gradient was the longest."""
