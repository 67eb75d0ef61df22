"""What is evaluated and how: a frozen dataclass that refuses what cannot be meant. No torch."""

from dataclasses import dataclass, replace
from pathlib import PurePath

from tui_trainer.errors import InputError
from tui_trainer.settings.fields import Kind, SettingField
from tui_trainer.settings.train import LARGEST_KEPT, TrainSettings


@dataclass(frozen=True)
class EvaluationSettings:
    """Greedy answers to held-out items, scored. The token budget is that of the harness."""

    problems: str = "builtin"
    """As for training; of `builtin` and the Hub the split `test` is evaluated, of a file itself."""
    items: int = 100
    skip: int = 0
    """How many items to pass over first: of a file that was trained on, those of the loop."""
    shots: int = 0
    """Worked items before the question in each prompt; 0 is zero-shot."""
    shots_from: str = ""
    """Where those come from, in its split `train`; empty for `problems`. Never a tested item."""
    batch: int = 64
    """Answers that are generated together, at most."""
    max_tokens: int = 256
    """An answer is cut where it reaches so many tokens."""
    seed: int = 0
    """For the built-in problems, and for the order of the batches."""

    def __post_init__(self) -> None:
        if not self.problems.strip():
            raise InputError(
                "Name the problems: builtin, a .jsonl or .parquet file, or a data set."
            )
        for name, least in LEAST.items():
            value = getattr(self, name)
            words = name.replace("_", " ")
            if value < least:
                raise InputError(f"{words} must be {least} or more, not {value}.")
            if value > LARGEST_KEPT:
                raise InputError(f"{words} must be at most {LARGEST_KEPT:,}, not {value:,}.")

    @property
    def prompt(self) -> str:
        """How a prompt is made, in a line: it belongs beside every score."""
        question = "Question: {question}\\nAnswer:"
        if not self.shots:
            return f"{question} (zero-shot)"
        return f"{question} (after {self.shots} worked {'item' if self.shots == 1 else 'items'})"


LEAST = {"items": 1, "skip": 0, "shots": 0, "batch": 1, "max_tokens": 1, "seed": 0}

NEXT = "with the next evaluation"

EVALUATION_FIELDS = tuple(
    SettingField(name, kind, meaning, takes_effect=NEXT)
    for name, kind, meaning in (
        ("problems", Kind.TEXT, "builtin, a .jsonl or .parquet file, or a Hub repo:config"),
        ("items", Kind.WHOLE, "how many items are tested"),
        ("skip", Kind.WHOLE, "items passed over first: of a file, those that were trained on"),
        ("shots", Kind.WHOLE, "worked items before each question; 0: zero-shot"),
        ("shots_from", Kind.TEXT, "problems the shots are of; empty: the same problems"),
        ("batch", Kind.WHOLE, "answers generated together, at most"),
        ("max_tokens", Kind.WHOLE, "the longest answer, in tokens"),
        ("seed", Kind.WHOLE, "of the built-in problems and the order of the batches"),
    )
)


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
        for field in EVALUATION_FIELDS
        if field.name in matter and getattr(before, field.name) != getattr(after, field.name)
    )


def held_out_from(training: TrainSettings) -> EvaluationSettings:
    """What to evaluate where that loop trains: the same problems, none that it trains on."""
    settings = EvaluationSettings(problems=training.problems, seed=training.seed)
    is_file = PurePath(training.problems).suffix.lower() in (".jsonl", ".parquet")
    return replace(settings, skip=training.items) if is_file else settings
