"""Settings as a command line that means the same: what is not usual, and nothing else. No torch."""

from collections.abc import Iterator, Sequence

from tui_trainer.configuration.layers import Configuration
from tui_trainer.settings.bench import BenchSettings
from tui_trainer.settings.cell import CellSettings
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.fields import Kind, SettingField, Value, fields_of
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import PRESETS
from tui_trainer.settings.sampling import Sampling
from tui_trainer.settings.train import TrainSettings

COMMANDS: dict[type, str] = {
    TrainSettings: "gsm8k",
    CellSettings: "step",
    Sampling: "predict",
    EvaluationSettings: "eval",
    BenchSettings: "bench",
}
"""The command that takes the settings of a dataclass by their flags."""


def command_words(
    settings: object, choice: ModelChoice, usual: Configuration, given: Sequence[str] = ()
) -> list[str]:
    """What follows the program's name, a word each: all that is not `usual` here, and what else
    the command is `given`."""
    words = [COMMANDS[type(settings)], *flags(choice, usual.settings(ModelChoice))]
    if isinstance(settings, TrainSettings):
        return [*words, *training_flags(settings, usual)]
    return [*words, *flags(settings, usual.settings(type(settings))), *given]


def as_words(text: str) -> tuple[str, ...]:
    """A text as a command takes it, also one that begins as a flag does."""
    return ("--", text) if text.startswith("-") else (text,)


def training_flags(settings: TrainSettings, usual: Configuration) -> list[str]:
    """The preset that the fewest settings differ from, and those."""
    names = None, *PRESETS
    ways = {name: list(flags(settings, usual.training(name))) for name in names}
    nearest = min(names, key=lambda name: len(ways[name]))
    return [*(() if nearest is None else ("--preset", nearest)), *ways[nearest]]


def flags(settings: object, usual: object) -> Iterator[str]:
    """Those of the settings that are not as in `usual`."""
    for field in fields_of(type(settings)):
        value = getattr(settings, field.name)
        # A flag of yes or no with a name of its own says what is not usual, and nothing else.
        told = field.flag is not None and not (is_own(field) and value == field.usual)
        if told and value != getattr(usual, field.name):
            yield from flag(field, value)


def is_own(field: SettingField) -> bool:
    """Whether its flag takes no value, and has no opposite."""
    return field.kind is Kind.YES_NO and bool(field.flag)


def flag(field: SettingField, value: Value) -> Iterator[str]:
    """One setting; a value that begins as a flag does is one word with its own."""
    if field.kind is Kind.YES_NO:
        yield field.option if value or field.flag else field.option.replace("--", "--no-", 1)
    elif (typed := field.as_typed(value)).startswith("-"):
        yield f"{field.option}={typed}"
    else:
        yield from (field.option, typed)
