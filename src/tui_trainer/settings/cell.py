"""What an update on Step is made with. No torch here."""

from dataclasses import dataclass
from typing import ClassVar

from tui_trainer.settings.fields import (
    BYTES,
    MODEL,
    OPTIMIZER,
    SAVING,
    check_settings,
    field_of,
    setting,
)
from tui_trainer.settings.train import HIGHEST_LR, NO_OPTIMIZER, OPTIMIZERS, TUTORIAL_LR, check_lr
from tui_trainer.settings.typed_numbers import read_number, read_size


@dataclass(frozen=True)
class CellSettings:
    """The training cell: optimizer, mode and dropout, and how far it can be undone."""

    TAKES_EFFECT: ClassVar[str] = "with the next update"

    lr: float = setting(
        TUTORIAL_LR,
        "learning rate",
        group=OPTIMIZER,
        more="`[`, `]` and `l` change it; the state of the optimizer stays.",
        above=0,
        most=HIGHEST_LR,
        called="The learning rate",
        is_lr=True,
        flag="--lr LR",
    )
    optimizer: str = setting(
        OPTIMIZERS[0],
        "AdamW or SGD",
        group=OPTIMIZER,
        more="`o` changes it, to a fresh one.",
        choices=OPTIMIZERS,
        refusal=NO_OPTIMIZER,
    )
    training: bool = setting(
        True,
        "train mode, in which dropout is on; else eval mode",
        group=MODEL,
        more="`t` changes it.",
        flag="--eval-mode",
        flag_meaning="leave dropout off, where there is some",
    )
    dropout: float | None = setting(
        None,
        "dropout probability of train mode, whether the model has dropout modules or not",
        group=MODEL,
        more="`d` changes it.",
        least=0,
        below=1,
        none_is="the model's own",
        refusal="A dropout probability is from 0 (nothing is dropped) to below 1, not {told}.",
        such_as="0.1",
        flag="--dropout P",
    )
    undo_memory: int | None = setting(
        None,
        "how much memory the updates that can be undone may take",
        group=SAVING,
        more="`h` changes it, to 500 MB, say; 0 keeps none.",
        called="The memory for undo",
        unit=BYTES,
        least=0,
        none_is="a quarter of what is free",
        refusal="The memory for undo must be 0 or more bytes, not {told}.",
        flag=None,
    )

    def __post_init__(self) -> None:
        check_lr(self.lr)
        check_settings(self)


def check_dropout(p: float) -> float:
    """Return `p`; raise InputError where it is no dropout probability."""
    field_of(CellSettings, "dropout").check(p)
    return p


def read_dropout(line: str) -> float:
    """A dropout probability typed by hand; InputError where it is none."""
    return check_dropout(read_number(line, "Dropout", "0.1"))


def read_undo_memory(line: str) -> int:
    """An amount of memory typed by hand, such as `500 MB`; InputError where it is none."""
    return check_undo_memory(read_size(line, "The memory for undo"))


def check_undo_memory(size: int) -> int:
    """Return `size`, bytes; raise InputError where it is no amount of memory."""
    field_of(CellSettings, "undo_memory").check(size)
    return size
