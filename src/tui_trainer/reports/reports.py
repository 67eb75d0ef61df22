"""What the engine tells the rest of the program: frozen dataclasses of plain Python values.

No torch here, so that screens can import it. A report holds numbers as torch computed them
and text as the tokenizer gave it, raw: whoever shows it makes it fit for a terminal.
"""

from dataclasses import dataclass

from tui_trainer.reports.actions import NO_HISTORY, HistoryReport
from tui_trainer.reports.runs import CheckpointReport


@dataclass(frozen=True)
class Token:
    """One token of a text."""

    index: int
    id: int
    text: str
    """The ID decoded alone, as the notebook does; a split character shows as U+FFFD."""
    bytes: bytes
    """The bytes of the text that this token stands for."""
    start: int
    end: int
    """The characters of the text it covers, `text[start:end]`; parts of a split one share them."""


@dataclass(frozen=True)
class Tokenized:
    """One text as one tokenizer sees it: a batch of one."""

    text: str
    tokens: tuple[Token, ...]
    read_as: str | None = None
    """The text as the tokenizer changed it before it cut it; None where it did not."""
    dropped: str = ""
    """The characters that are in no token."""

    @property
    def input_ids(self) -> tuple[int, ...]:
        return tuple(token.id for token in self.tokens)

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of `input_ids`: (batch, position)."""
        return (1, len(self.tokens))


@dataclass(frozen=True)
class Batch:
    """Several texts padded to one length; both grids are [item, position]."""

    input_ids: tuple[tuple[int, ...], ...]
    attention_mask: tuple[tuple[int, ...], ...]
    pad_id: int
    pad_text: str
    """The padding ID decoded alone."""
    padding_side: str

    @property
    def shape(self) -> tuple[int, int]:
        return (len(self.input_ids), len(self.input_ids[0]) if self.input_ids else 0)


@dataclass(frozen=True)
class TokenizerReport:
    """A tokenizer that is ready for use."""

    name: str
    vocabulary: int
    """How many entries it has, added ones included."""


@dataclass(frozen=True)
class DeviceReport:
    """A device that a model can be put on."""

    name: str
    """As torch names it: `cpu`, `cuda:0`."""
    label: str
    free_bytes: int | None
    total_bytes: int | None


@dataclass(frozen=True)
class ModelReport:
    """A model that is ready for use."""

    name: str
    architecture: str
    parameters: int
    device: str
    precision: str
    context: int | None
    """The most tokens it takes at once; None where its config does not say."""
    vocabulary: int
    dropout: float
    """The largest dropout probability in its config: 0 means that train mode changes nothing."""
    load_seconds: float
    notes: tuple[str, ...] = ()
    """What its files hold that it does not have, and what is wrong with it, in a sentence each."""


@dataclass(frozen=True)
class ModelOption:
    """A model that is on this machine already and can be picked."""

    source: str
    """What `--model` takes."""
    description: str
    bytes: int | None


@dataclass(frozen=True)
class LearnerStatus:
    """What the Learner holds now: the status line and the Step screen's header."""

    model: ModelReport
    updates: int
    """How many updates its weights are away from the loaded ones."""
    lr: float
    optimizer: str
    training: bool
    """True in train mode (dropout on), False in eval mode."""
    history: HistoryReport = NO_HISTORY
    unsaved: int = 0
    """How many updates the weights are away from the last ones on their way that a file has."""
    dropout: float = 0.0
    """The largest dropout probability of the training cell in train mode."""
    dropped: str = ""
    """What train mode drops, in a sentence."""


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
    moved: int
    """How many weights have another stored value than before the update."""
    parameters: int
    before: Prediction
    after: Prediction
    seconds: float
    dropout: float = 0.0
    """The largest dropout probability of train mode."""


@dataclass(frozen=True)
class PassesReport:
    """The same text through the same weights four times: what train and eval mode do."""

    train: tuple[Prediction, Prediction]
    eval: tuple[Prediction, Prediction]
    dropout: float
    """The largest probability of train mode."""
    dropped: str
    """What train mode drops, in a sentence."""


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
    row: tuple[RowPart, ...] = ()
    """How the first row of the step is laid out."""

    @property
    def is_saved(self) -> bool:
        """Whether a checkpoint has the weights that the step made."""
        return self.checkpoint is not None and self.checkpoint.failure is None


@dataclass(frozen=True)
class LoadProgress:
    """How far a long load is."""

    what: str
    done_bytes: int | None = None
    total_bytes: int | None = None
