"""What the user chooses, as frozen dataclasses that refuse what cannot be meant. No torch here."""

import math
from dataclasses import dataclass

from tui_trainer.engine.errors import InputError

DEVICES = "auto", "cpu", "cuda"
PRECISIONS = "auto", "fp32", "mixed", "bf16"
OPTIMIZERS = "AdamW", "SGD"
TUTORIAL_LR = 1e-5


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


def check_lr(lr: float) -> float:
    """Return `lr`; raise InputError where it is no learning rate."""
    if not math.isfinite(lr) or not 0 < lr <= 10:
        raise InputError(f"The learning rate must be above 0 and at most 10, not {lr:g}.")
    return lr


def check_optimizer(name: str) -> str:
    """Return `name`; raise InputError where it names no optimizer of this program."""
    if name not in OPTIMIZERS:
        raise InputError(f"Optimizer {name!r} is not known: use {' or '.join(OPTIMIZERS)}.")
    return name


@dataclass(frozen=True)
class TrainSettings:
    """A training loop over question/answer items; the defaults are the preset `tutorial`."""

    problems: str = "builtin"
    """`builtin`, a .jsonl or .parquet file, or a Hub data set as `repo:config`."""
    items: int = 500
    """How many items, taken in the order of the data set, one update each."""
    lr: float = TUTORIAL_LR
    optimizer: str = "AdamW"
    seed: int = 0
    """For the built-in problems and for dropout."""

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
