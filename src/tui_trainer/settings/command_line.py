"""Settings as a command line that means the same: what is not usual, and nothing else. No torch."""

from collections.abc import Iterator

from tui_trainer.settings.bench import BenchSettings
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.fields import Kind, SettingField, Value, fields_of
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import PRESETS, nearest_preset
from tui_trainer.settings.train import TrainSettings

COMMANDS: dict[type, str] = {
    TrainSettings: "gsm8k",
    EvaluationSettings: "eval",
    BenchSettings: "bench",
}
"""The command that takes the settings of a dataclass by their flags."""


def command_words(settings: object, choice: ModelChoice) -> list[str]:
    """What follows the program's name, each word as a shell gives it on."""
    words = [COMMANDS[type(settings)], *flags(choice, ModelChoice())]
    if not isinstance(settings, TrainSettings):
        return [*words, *flags(settings, type(settings)())]
    name = nearest_preset(settings)
    named = [] if PRESETS[name] == TrainSettings() else ["--preset", name]
    return [*words, *named, *flags(settings, PRESETS[name])]


def flags(settings: object, usual: object) -> Iterator[str]:
    """Those of the settings that are not as in `usual`."""
    for field in fields_of(type(settings)):
        value = getattr(settings, field.name)
        if field.flag is not None and value != getattr(usual, field.name):
            yield from flag(field, value)


def flag(field: SettingField, value: Value) -> Iterator[str]:
    """One setting; a value that begins as a flag does is one word with its own."""
    if field.kind is Kind.YES_NO:
        yield field.option if value or field.flag else field.option.replace("--", "--no-", 1)
    elif (typed := field.as_typed(value)).startswith("-"):
        yield f"{field.option}={typed}"
    else:
        yield from (field.option, typed)
