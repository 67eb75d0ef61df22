"""What the bench is asked for. No torch here."""

import math
from dataclasses import dataclass

from tui_trainer.errors import InputError
from tui_trainer.settings.fields import Kind, SettingField
from tui_trainer.settings.train import LARGEST_KEPT, ModelChoice

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
FEWEST_ROUNDS = 2  # the first tells how many tokens the slowest loop makes, the others use it


@dataclass(frozen=True)
class BenchSettings:
    """The same items, model and time for every loop."""

    problems: str = "builtin"
    items: int = 2000
    """How many items to train on, the first of the data set, over and over."""
    held_out: int = 20
    """The loss is measured on so many items after those; no loop trains on them."""
    seconds: float = 10.0
    """How long each loop trains in each round."""
    rounds: int = 3
    """How often each loop runs, in turn with the others."""
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("items", "held_out"):
            if getattr(self, name) < 1:
                words = name.replace("_", " ")
                raise InputError(f"{words} must be 1 or more, not {getattr(self, name)}.")
        for name in ("items", "held_out", "rounds", "seed"):
            if getattr(self, name) > LARGEST_KEPT:
                words = name.replace("_", " ")
                raise InputError(f"{words} must be at most {LARGEST_KEPT:,}.")
        if self.rounds < FEWEST_ROUNDS:
            raise InputError(f"rounds must be {FEWEST_ROUNDS} or more, not {self.rounds}.")
        if not math.isfinite(self.seconds) or self.seconds <= 0:
            raise InputError(f"seconds must be above 0, not {self.seconds:g}.")
        if self.seed < 0:
            raise InputError(f"The seed must be 0 or more, not {self.seed}.")


NEXT = "with the next bench"

BENCH_FIELDS = tuple(
    SettingField(name, kind, meaning, takes_effect=NEXT)
    for name, kind, meaning in (
        ("problems", Kind.TEXT, "builtin, a .jsonl or .parquet file, or a Hub repo:config"),
        ("items", Kind.WHOLE, "how many items to train on, over and over"),
        ("held_out", Kind.WHOLE, "the loss is measured on so many items after those"),
        ("seconds", Kind.NUMBER, "how long each loop trains in each round; loading comes on top"),
        ("rounds", Kind.WHOLE, "how often each loop runs, in turn with the others"),
        ("seed", Kind.WHOLE, "for the built-in problems and the order"),
    )
)


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
