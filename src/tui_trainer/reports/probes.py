"""Other strings that are followed while one is memorised: frozen dataclasses, no torch."""

from dataclasses import dataclass

from tui_trainer.reports.predictions import Candidate

MOST_PROBES = 5


@dataclass(frozen=True)
class ProbeStart:
    """A probe as the weights were when it began to be followed."""

    update: int
    """Counted from the loaded weights."""
    loss: float | None
    """In nats; None where the text has one token, which has no label."""
    likeliest: Candidate
    """The most likely token after the text."""


@dataclass(frozen=True)
class ProbeReading:
    """A probe with the weights as they are now."""

    loss: float | None
    likeliest: Candidate
    p_at_start: float
    """What the weights at the start gave `likeliest`."""


@dataclass(frozen=True)
class ProbeReport:
    """A probe then and now, or why the model cannot read it."""

    text: str
    start: ProbeStart | None
    now: ProbeReading | None
    refused: str = ""

    @property
    def change(self) -> float | None:
        """Of the loss, in nats."""
        if self.start is None or self.now is None:
            return None
        if self.start.loss is None or self.now.loss is None:
            return None
        return self.now.loss - self.start.loss
