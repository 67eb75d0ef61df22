"""What the user chooses, as frozen dataclasses that refuse what cannot be meant. No torch here."""

import math
from dataclasses import dataclass

from tui_trainer.errors import InputError
from tui_trainer.settings.typed_numbers import read_number

DEVICES = "auto", "cpu", "cuda"
BF16_STOCHASTIC = "bf16-sr"
"""bf16 weights that an update rounds by chance."""
PRECISIONS = "auto", "fp32", "mixed", "bf16", BF16_STOCHASTIC
OPTIMIZERS = "AdamW", "SGD"
RANDOM = "random:"  # and a shape: a model whose weights are in no file
SCHEDULES = "constant", "linear", "cosine"
NOWHERE, TENSORBOARD = "nowhere", "tensorboard"
LOGS = NOWHERE, TENSORBOARD
PADDING_SIDES = "right", "left"
IN_ORDER, BEST_FIT = PACK_ORDERS = "in-order", "best-fit"
TUTORIAL_LR = 1e-5
SHORTEST_ROW = 16
LARGEST_SEED = 2**63 - 1  # what torch.Generator takes


@dataclass(frozen=True)
class ModelChoice:
    """Which model, where, and in which precision.

    `source` is `builtin`, `smollm2`, a directory, a `.gguf` file or a Hub id.
    """

    source: str = "builtin"
    device: str = "auto"
    precision: str = "auto"
    remote_code: bool = False
    """Run Python code that the model's authors ship with it; off unless the user asks."""

    def __post_init__(self) -> None:
        if not self.source.strip():
            raise InputError("Name a model: builtin, a directory, a .gguf file or a Hub id.")
        if self.device.split(":")[0] not in DEVICES:
            raise InputError(f"Device {self.device!r} is not known: use auto, cpu, cuda or cuda:N.")
        if self.precision not in PRECISIONS:
            raise InputError(
                f"Precision {self.precision!r} is not known: use {', '.join(PRECISIONS)}."
            )


HIGHEST_LR = 10.0
LOWEST_LR = 2.0**-126
"""The smallest number that fp32 has in full precision."""
LARGEST_KEPT = 2**53
"""The largest whole number that every reader of JSON has in full: a run's settings are kept so."""
MOST = {
    "epochs": 1_000_000,
    **dict.fromkeys(("batch", "accumulation", "pack", "warmup"), 1_000_000_000),
    **dict.fromkeys(("items", "validation_items", "seed"), LARGEST_KEPT),
    **dict.fromkeys(("validate_every", "sample_every", "checkpoint_every"), LARGEST_KEPT),
}
"""Of the whole numbers of TrainSettings; far more than anyone means, and less than what breaks."""


def check_lr(lr: float) -> float:
    """Return `lr`; raise InputError where it is no learning rate."""
    if 0 < lr < LOWEST_LR:
        raise InputError(
            f"A learning rate of {lr:g} moves no weight: fp32, in which an update is computed, "
            f"has no number so small. Use {LOWEST_LR:.2g} or more."
        )
    if not math.isfinite(lr) or not 0 < lr <= HIGHEST_LR:
        raise InputError(
            f"The learning rate must be above 0 and at most {HIGHEST_LR:g}, not {lr:g}."
        )
    return lr


def read_lr(line: str) -> float:
    """A learning rate typed by hand; InputError where it is none."""
    return check_lr(read_number(line, "The learning rate"))


def check_dropout(p: float) -> float:
    """Return `p`; raise InputError where it is no dropout probability."""
    if not 0 <= p < 1:
        raise InputError(
            f"A dropout probability is from 0 (nothing is dropped) to below 1, not {p:g}."
        )
    return p


def read_dropout(line: str) -> float:
    """A dropout probability typed by hand; InputError where it is none."""
    return check_dropout(read_number(line, "Dropout", "0.1"))


def check_budget(budget: int) -> int:
    """Return `budget`, bytes; raise InputError where it is none."""
    if budget < 0:
        raise InputError(f"The memory for undo must be 0 or more bytes, not {budget:,}.")
    return budget


def check_optimizer(name: str) -> str:
    """Return `name`; raise InputError where it names no optimizer of this program."""
    if name not in OPTIMIZERS:
        raise InputError(f"Optimizer {name!r} is not known: use {' or '.join(OPTIMIZERS)}.")
    return name


@dataclass(frozen=True)
class TrainSettings:
    """A training loop over question/answer items; the defaults are the preset `tutorial`.

    A row is one item, or with `pack` several. A step is `accumulation` forward passes over
    `batch` rows each, and one update.
    """

    problems: str = "builtin"
    """`builtin`, a .jsonl or .parquet file, or a Hub data set as `repo:config`."""
    items: int = 500
    """How many items, the first of the data set."""
    lr: float = TUTORIAL_LR
    """The highest of the schedule."""
    optimizer: str = "AdamW"
    seed: int = 0
    """For the built-in problems, the order of the items and dropout."""
    epochs: int = 1
    """How many times over all items."""
    shuffle: bool = False
    """Another order each epoch, decided by (seed, epoch); else that of the data set."""
    batch: int = 1
    """Rows in one forward pass."""
    accumulation: int = 1
    """Forward and backward passes before one optimizer step."""
    padding: str = "right"
    """Where shorter items of a batch are filled up: `right` or `left`."""
    pack: int = 0
    """Tokens in a row that several items share; 0 packs nothing."""
    pack_order: str = IN_ORDER
    """Which items share a row: neighbours, or those that fill it best."""
    item_attention: bool = False
    """Whether each item of a packed row attends by itself, without a mask over the whole row."""
    end_of_text: bool = False
    """Whether each item ends with the end-of-text token, as one more token to learn."""
    answer_only: bool = False
    """Whether the loss counts the tokens of the answer alone."""
    schedule: str = "constant"
    warmup: int = 0
    """Steps in which the learning rate rises to `lr`."""
    weight_decay: float | None = None
    """Of matrices alone; None is torch's own default (0.01 for AdamW), which is for all weights."""
    chunked_loss: bool = False
    """Whether the loss is taken a few positions at a time, so that there are never all logits."""
    fused: bool = False
    """Whether the optimizer changes all numbers of a weight in one pass over memory."""
    compiled: bool = False
    """Whether the model's blocks are compiled, which takes a warm-up before the first step."""
    skip_not_finite: bool = False
    """Whether a step whose loss or gradient is not finite is left out; else the loop pauses there,
    and by command ends."""
    validation_items: int = 0
    """How many held-out items are measured; 0 measures nothing."""
    validate_every: int = 50
    """Steps from one measurement to the next; there is one before the first step and at the end."""
    sample_every: int = 0
    """Steps from one pair of sample answers to the next; 0 answers nothing."""
    checkpoint_every: int = 0
    """Steps from one checkpoint to the next; 0 makes none but those asked for."""
    checkpoint_at_end: bool = True
    """Whether a run writes a checkpoint after its last step: else nobody has what it learned."""
    log_to: str = NOWHERE
    """Where the run tells its losses beside its metrics file: `nowhere` or `tensorboard`."""

    def __post_init__(self) -> None:
        if not self.problems.strip():
            raise InputError(
                "Name the problems: builtin, a .jsonl or .parquet file, or a data set."
            )
        if self.items < 1:
            raise InputError(f"The loop needs at least 1 item, not {self.items}.")
        if self.seed < 0:
            raise InputError(f"The seed must be 0 or more, not {self.seed}.")
        check_lr(self.lr)
        check_optimizer(self.optimizer)
        for name in ("epochs", "batch", "accumulation", "validate_every"):
            _check_least(name, getattr(self, name), 1)
        for name in ("warmup", "validation_items", "sample_every", "checkpoint_every"):
            _check_least(name, getattr(self, name), 0)
        for name, most in MOST.items():
            _check_most(name, getattr(self, name), most)
        _check_among("log_to", self.log_to, LOGS)
        if self.pack and self.pack < SHORTEST_ROW:
            raise InputError(
                f"A packed row needs at least {SHORTEST_ROW} tokens, not {self.pack}; "
                "0 packs nothing."
            )
        _check_among("pack_order", self.pack_order, PACK_ORDERS)
        _check_among("padding", self.padding, PADDING_SIDES)
        _check_among("schedule", self.schedule, SCHEDULES)
        if self.weight_decay is not None and not 0 <= self.weight_decay <= 1:
            raise InputError(f"weight_decay must be from 0 to 1, not {self.weight_decay:g}.")


def _check_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise InputError(f"{name} must be {least} or more, not {value}.")


def _check_most(name: str, value: int, most: int) -> None:
    if value > most:
        raise InputError(f"{name} must be at most {most:,}, not {value:,}.")


def _check_among(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InputError(f"{name} must be {' or '.join(known)}, not {value!r}.")


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen from the logits: temperature, then top-k, then top-p."""

    greedy: bool = True
    """Take the most likely token; the other settings then change nothing."""
    temperature: float = 1.0
    """The logits are divided by it: below 1 the likely become likelier."""
    top_k: int | None = None
    """How many of the most likely tokens stay; None keeps all."""
    top_p: float = 1.0
    """The most likely tokens stay until their probabilities sum to this; 1 keeps all."""
    seed: int = 0

    def __post_init__(self) -> None:
        if not math.isfinite(self.temperature) or not 0.01 <= self.temperature <= 100:
            raise InputError(
                f"The temperature must be from 0.01 to 100, not {self.temperature:g}; greedy "
                "choice is what it goes to at 0."
            )
        if self.top_k is not None and self.top_k < 1:
            raise InputError(f"Top-k must keep at least 1 token, not {self.top_k}.")
        if not 0 < self.top_p <= 1:
            raise InputError(f"Top-p must be above 0 and at most 1, not {self.top_p:g}.")
        if not 0 <= self.seed <= LARGEST_SEED:
            raise InputError(f"The seed must be from 0 to 2^63 - 1, not {self.seed}.")
