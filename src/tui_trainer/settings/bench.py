"""What the bench is asked for. No torch here."""

from dataclasses import dataclass
from typing import ClassVar

from tui_trainer.json_lines import LARGEST_WHOLE
from tui_trainer.settings.fields import DATA, MEASURING, check_settings, setting
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import NO_PROBLEMS, PROBLEMS

NOTEBOOK, TUTORIAL, TUNED = "notebook", "tutorial", "tuned"
TRAINER, SFT_TRAINER = "trainer", "sft_trainer"
LOOPS = {
    NOTEBOOK: "the notebook's loop, by hand",
    TUTORIAL: "this program's loop, preset tutorial",
    TUNED: "this program's loop, preset tuned",
    TRAINER: "Hugging Face's Trainer, at its best settings",
    SFT_TRAINER: "TRL's SFTTrainer, at its best settings",
}
PEERS = TRAINER, SFT_TRAINER
ROW_TOKENS = 2048
"""Of a step of the peers."""


@dataclass(frozen=True)
class BenchSettings:
    """The same items, model and time for every loop."""

    TAKES_EFFECT: ClassVar[str] = "with the next bench"

    problems: str = setting("builtin", PROBLEMS, group=DATA, refusal=NO_PROBLEMS)
    items: int = setting(
        2000,
        "how many items to train on, over and over",
        group=DATA,
        more="They are the first of the data set.",
        unit="items",
        least=1,
        most=LARGEST_WHOLE,
    )
    held_out: int = setting(
        20,
        "the loss is measured on so many items after those",
        group=MEASURING,
        more="No loop trains on them.",
        unit="items",
        least=1,
        most=LARGEST_WHOLE,
    )
    seconds: float = setting(
        10.0,
        "how long each loop trains in each round; loading comes on top",
        group=MEASURING,
        unit="seconds",
        above=0,
        such_as="0.5",
        flag="--seconds S",
    )
    rounds: int = setting(
        3,
        "how often each loop runs",
        group=MEASURING,
        more="The first tells how many tokens the slowest loop makes, the others use it.",
        unit="rounds",
        least=2,
        most=LARGEST_WHOLE,
    )
    seed: int = setting(
        0,
        "for the built-in problems and the order",
        group=DATA,
        least=0,
        most=LARGEST_WHOLE,
        called="The seed",
    )

    def __post_init__(self) -> None:
        check_settings(self)


@dataclass(frozen=True)
class Job:
    """One run of one loop, in a process of its own."""

    loop: str
    model: ModelChoice
    settings: BenchSettings
    epochs: int
    """So many times over the items that the time is over before."""
    equal_tokens: int | None = None
    """Where every loop's held-out loss is compared; None in the first round."""
