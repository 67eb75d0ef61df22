"""One run of the training cell."""

from dataclasses import dataclass

from tui_trainer.reports.phases import NamedNorm
from tui_trainer.reports.predictions import Prediction


@dataclass(frozen=True)
class UpdateReport:
    """One run of the training cell."""

    update: int
    """Counted from the loaded weights."""
    text: str
    loss: float
    """Before the update: what the training cell prints."""
    grad_norm: float
    lr: float
    optimizer: str
    training: bool
    moved: int | None
    """How many weights have another stored value than before the update; None where memory was too
    short to compare them."""
    parameters: int
    before: Prediction
    after: Prediction
    seconds: float
    dropout: float = 0.0
    """The largest dropout probability of train mode."""
    gradients: tuple[NamedNorm, ...] = ()
    """Layer by layer: `grad_norm` is that of them together. It costs the cell nothing, since each
    weight's is on the way to it."""
    note: str = ""
    """What was given up for this update because memory is short, in a sentence."""


@dataclass(frozen=True)
class UpdateCost:
    """What an update would take, reckoned without making it. All in bytes."""

    needed_bytes: int
    """The most at once on the model's device, beside what is held."""
    free_bytes: int
    """There now."""
    undo_bytes: int
    """That taking it back keeps of the host's memory: weights, and the optimizer's moments."""
    undo_budget: int

    @property
    def fits(self) -> bool:
        return self.needed_bytes <= self.free_bytes

    @property
    def undo(self) -> int:
        """How many updates can be taken back, one after another."""
        return self.undo_budget // max(1, self.undo_bytes)
