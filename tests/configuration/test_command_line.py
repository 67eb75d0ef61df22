"""What the form shows as a command line is taken back as the same settings."""

import shlex
from dataclasses import replace
from random import Random

import pytest

from tui_trainer.cli import parse
from tui_trainer.configuration.command_line import command_words
from tui_trainer.configuration.layers import Configuration, Given, Origin, Source
from tui_trainer.errors import InputError
from tui_trainer.headless import gsm8k
from tui_trainer.headless.arguments import model_choice, read_settings
from tui_trainer.settings.bench import BenchSettings
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.fields import Kind, SettingField, Value, fields_of
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import PRESETS
from tui_trainer.settings.train import TrainSettings

TEXTS = "builtin", "-x.jsonl", "ada's items.jsonl", "a b/$HOME.parquet", "openai/gsm8k:main"
MODELS = (
    ModelChoice(),
    ModelChoice("ada's model", "cuda:1", "bf16-sr", remote_code=True, deterministic=True),
    ModelChoice("-m", "cpu", threads=1),
)


def read_back(line: str, kind: type) -> tuple[object, ModelChoice]:
    """What the program makes of a line that a shell was given."""
    arguments = parse(shlex.split(line))
    if kind is TrainSettings:
        return gsm8k.read_arguments(arguments), model_choice(arguments)
    return read_settings(kind, arguments), model_choice(arguments)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_its_name_and_what_was_changed_in_it(name: str) -> None:
    words = command_words(PRESETS[name], ModelChoice(), Configuration())
    assert words == (["gsm8k"] if name == "tutorial" else ["gsm8k", "--preset", name])
    changed = replace(PRESETS[name], items=7, shuffle=not PRESETS[name].shuffle, weight_decay=None)
    line = shlex.join(command_words(changed, ModelChoice("smollm2"), Configuration()))
    assert read_back(line, TrainSettings) == (changed, ModelChoice("smollm2"))


@pytest.mark.parametrize("kind", [TrainSettings, EvaluationSettings, BenchSettings])
def test_any_settings_and_any_model_come_back_from_the_line(kind: type) -> None:
    random = Random(16)
    tried = 0
    while tried < 40:
        values = {field.name: any_value(field, random) for field in fields_of(kind)}
        names = random.sample(list(values), random.randint(0, len(values)))
        try:
            settings = kind(**{name: values[name] for name in names})
        except InputError:  # what cannot be meant
            continue
        tried += 1
        choice = random.choice(MODELS)
        line = shlex.join(command_words(settings, choice, Configuration()))
        assert read_back(line, kind) == (settings, choice), line


def test_what_is_configured_is_told_where_it_is_not_what_is_meant() -> None:
    here = Origin(Source.FILE)
    said: dict[str, Value] = {"loop.preset": "tuned", "loop.items": 100, "model": "smollm2"}
    usual = Configuration({name: Given(value, here) for name, value in said.items()})
    choice = ModelChoice("smollm2")
    assert command_words(replace(PRESETS["tuned"], items=100), choice, usual) == ["gsm8k"]
    for settings in (TrainSettings(), replace(PRESETS["tuned"], lr=1e-3), TrainSettings(items=100)):
        words = command_words(settings, ModelChoice(), usual)
        assert words[1:3] == ["--model", "builtin"]
        arguments = parse(words)
        arguments.configuration = usual
        assert gsm8k.read_arguments(arguments) == settings


def any_value(field: SettingField, random: Random) -> Value:
    if field.options:
        return field.read(random.choice(field.options))
    if field.none_is and random.random() < 0.5:
        return None
    if field.kind is Kind.TEXT:
        return random.choice(TEXTS)
    if field.kind is Kind.WHOLE:
        return random.randint(int(field.least or 0), 10**6)
    return 10 ** random.uniform(-9, 0)
