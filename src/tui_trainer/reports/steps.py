"""One step of a training loop, and the items that it trained on."""

from dataclasses import dataclass

from tui_trainer.reports.alerts import Alert
from tui_trainer.reports.layers import LayersReport
from tui_trainer.reports.runs import CheckpointReport


@dataclass(frozen=True)
class ItemReport:
    """One item of a training loop as the model saw it before the step's update."""

    problem: int
    """Its index in the data set."""
    text: str
    token_texts: tuple[str, ...]
    token_losses: tuple[float | None, ...]
    """-log p of each token given those before it; None for the first."""
    answer_start: int
    """The first token of the answer."""
    loss: float
    """The mean over the tokens that the step's loss counts."""
    truncated: bool
    """True where the item was longer than the model's context or its row and was cut to it."""

    @property
    def question_loss(self) -> float | None:
        """The mean over the tokens before the answer that have a loss; None without any."""
        return mean([loss for loss in self.token_losses[: self.answer_start] if loss is not None])

    @property
    def answer_loss(self) -> float | None:
        """The mean over the tokens of the answer; None where it was cut off."""
        return mean([loss for loss in self.token_losses[self.answer_start :] if loss is not None])


def mean(losses: list[float]) -> float | None:
    """The mean; None where there is none."""
    return sum(losses) / len(losses) if losses else None


@dataclass(frozen=True)
class RowPart:
    """A stretch of a row: an item, or what is between two of them or fills the row."""

    problem: int | None
    """The item's index in the data set; None for padding and separators."""
    tokens: int


@dataclass(frozen=True)
class StepReport:
    """One step of a training loop."""

    step: int
    steps: int
    loss: float
    """The mean over the tokens that count in the whole step, before its update."""
    grad_norm: float
    """The 2-norm of all gradients together, before they are clipped."""
    tokens: int
    """Tokens of the step's items."""
    positions: int
    """Places for tokens in the step's rows; what `tokens` leaves is padding and separators."""
    lr: float
    peak_lr: float
    """The learning rate that the schedule multiplies; it can be changed while the loop runs."""
    seconds: float
    """The time of this step alone, from the token IDs to the changed weights."""
    items: int
    """How many items the loop goes over in an epoch."""
    item: ItemReport
    """The first item of the step."""
    best: ItemReport | None
    """The item with the lowest loss so far, in the step that trained on it; None where no loss
    was finite."""
    worst: ItemReport | None
    truncated: int
    """How many items of the step were cut."""
    memory_bytes: int
    """What the process has in use on the device: allocated on CUDA, resident on a CPU."""
    run: str | None = None
    """The name of the run on disk that has this step."""
    checkpoint: CheckpointReport | None = None
    """The checkpoint that was due after this step."""
    updates: int = 0
    """How many updates the weights are away from the loaded ones since this step."""
    notes: tuple[str, ...] = ()
    """At the first step: what was asked for and is not done, in a sentence each."""
    applied: bool = True
    """False where the loss or the gradient was not finite, so that the step was left out."""
    clipped: bool = False
    """Whether the gradients were scaled down to the norm that the settings allow."""
    layers: LayersReport | None = None
    """What it did to each layer, in the steps in which that is looked at."""
    row: tuple[RowPart, ...] = ()
    """How the first row of the step is laid out."""
    alerts: tuple[Alert, ...] = ()
    """What is to be looked at since this step."""

    @property
    def is_saved(self) -> bool:
        """Whether a checkpoint has the weights that the step made."""
        return self.checkpoint is not None and self.checkpoint.failure is None
