"""What is evaluated and how: a frozen dataclass that refuses what cannot be meant. No torch."""

from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import ClassVar

from tui_trainer.json_lines import LARGEST_WHOLE
from tui_trainer.settings.fields import (
    BATCH,
    DATA,
    SettingField,
    check_settings,
    fields_of,
    setting,
)
from tui_trainer.settings.train import NO_PROBLEMS, PROBLEMS, TrainSettings


@dataclass(frozen=True)
class EvaluationSettings:
    """Greedy answers to held-out items, scored. The token budget is that of the harness."""

    TAKES_EFFECT: ClassVar[str] = "with the next evaluation"

    problems: str = setting(
        "builtin",
        PROBLEMS,
        group=DATA,
        more="Of `builtin` and the Hub the split `test` is evaluated, of a file itself.",
        refusal=NO_PROBLEMS,
    )
    items: int = setting(
        100, "how many items are tested", group=DATA, unit="items", least=1, most=LARGEST_WHOLE
    )
    skip: int = setting(
        0,
        "items passed over first: of a file, those that were trained on",
        group=DATA,
        unit="items",
        least=0,
        most=LARGEST_WHOLE,
    )
    shots: int = setting(
        0,
        "worked items before each question; 0: zero-shot",
        group=DATA,
        unit="items",
        least=0,
        most=LARGEST_WHOLE,
    )
    shots_from: str = setting(
        "",
        "problems the shots are of; empty: the same problems",
        group=DATA,
        more="They are of the split `train`, and never a tested item.",
    )
    batch: int = setting(
        64,
        "answers generated together, at most",
        group=BATCH,
        more="Fewer, where memory has no room for so many.",
        unit="answers",
        least=1,
        most=LARGEST_WHOLE,
    )
    max_tokens: int = setting(
        256,
        "the longest answer, in tokens",
        group=BATCH,
        unit="tokens",
        least=1,
        most=LARGEST_WHOLE,
    )
    seed: int = setting(
        0,
        "of the built-in problems and the order of the batches",
        group=DATA,
        least=0,
        most=LARGEST_WHOLE,
        called="The seed",
    )

    def __post_init__(self) -> None:
        check_settings(self)

    @property
    def tested(self) -> str:
        """Which items of the problems are tested; empty where all of a file are."""
        if not is_file(self.problems):
            return "split test"
        return f"from item {self.skip:,} on" if self.skip else ""

    @property
    def prompt(self) -> str:
        """How a prompt is made, in a line: it belongs beside every score."""
        question = "Question: {question}\\nAnswer:"
        if not self.shots:
            return f"{question} (zero-shot)"
        return f"{question} (after {self.shots} worked {'item' if self.shots == 1 else 'items'})"


def incomparable(before: EvaluationSettings, after: EvaluationSettings) -> tuple[SettingField, ...]:
    """The settings that differ and that scores depend on: which problems, how they are asked.

    How many items, and which of the same problems, is not among them: items are paired by text.
    """
    matter = {"problems", "shots", "max_tokens"}
    if after.shots:
        matter.add("shots_from")
    if "builtin" in (after.problems, after.shots_from):
        matter.add("seed")
    return tuple(
        field
        for field in fields_of(EvaluationSettings)
        if field.name in matter and getattr(before, field.name) != getattr(after, field.name)
    )


def held_out_from(training: TrainSettings) -> EvaluationSettings:
    """What to evaluate where that loop trains: the same problems, none that it trains on."""
    settings = EvaluationSettings(problems=training.problems, seed=training.seed)
    return replace(settings, skip=training.items) if is_file(training.problems) else settings


def is_file(problems: str) -> bool:
    """Whether they are a file of the user's, which has no splits."""
    return PurePath(problems).suffix.lower() in (".jsonl", ".parquet")
