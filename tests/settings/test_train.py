"""Settings refuse what cannot be meant, in a sentence, when they are made."""

from collections.abc import Callable
from dataclasses import fields
from functools import partial

import pytest

from tui_trainer.errors import InputError
from tui_trainer.settings.fields import fields_of, read_typed
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import TUTORIAL, differing
from tui_trainer.settings.train import TrainSettings


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            partial(ModelChoice, source=" "),
            "Name a model: builtin, a directory, a .gguf file or a Hub id.",
        ),
        (
            partial(ModelChoice, device="tpu"),
            "Device 'tpu' is not known: use auto, cpu, cuda, cuda:N, xpu or mps.",
        ),
        (
            partial(ModelChoice, precision="fp16"),
            "Precision 'fp16' is not known: use auto, fp32, tf32, mixed, bf16, bf16-sr.",
        ),
    ],
)
def test_a_model_choice_that_cannot_be_meant(
    wrong: Callable[[], ModelChoice], sentence: str
) -> None:
    with pytest.raises(InputError) as refused:
        wrong()
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            partial(TrainSettings, problems=""),
            "Name the problems: builtin, a .jsonl or .parquet file",
        ),
        (partial(TrainSettings, items=0), "The loop needs at least 1 item, not 0."),
        (partial(TrainSettings, seed=-1), "The seed must be 0 or more, not -1."),
        (
            partial(TrainSettings, lr=0.0),
            "The learning rate must be above 0 and at most 10, not 0.",
        ),
        (partial(TrainSettings, epochs=0), "epochs must be 1 or more, not 0."),
        (partial(TrainSettings, batch=0), "batch must be 1 or more, not 0."),
        (partial(TrainSettings, accumulation=-2), "accumulation must be 1 or more, not -2."),
        (partial(TrainSettings, warmup=-1), "warmup must be 0 or more, not -1."),
        (
            partial(TrainSettings, validation_items=-1),
            "validation items must be 0 or more, not -1.",
        ),
        (partial(TrainSettings, validate_every=0), "validate every must be 1 or more, not 0."),
        (partial(TrainSettings, sample_every=-5), "sample every must be 0 or more, not -5."),
        (
            partial(TrainSettings, pack=3),
            "A packed row needs at least 16 tokens, not 3; 0 packs nothing.",
        ),
        (partial(TrainSettings, padding="both"), "padding must be right or left, not 'both'."),
        (
            partial(TrainSettings, schedule="step"),
            "schedule must be constant or linear or cosine, not 'step'.",
        ),
        (partial(TrainSettings, weight_decay=-0.1), "weight decay must be from 0 to 1, not -0.1."),
        (
            partial(TrainSettings, weight_decay=float("nan")),
            "weight decay must be from 0 to 1, not nan.",
        ),
        (
            partial(TrainSettings, optimizer="adam"),
            "Optimizer 'adam' is not known: use AdamW or SGD.",
        ),
    ],
)
def test_train_settings_that_cannot_be_meant(
    wrong: Callable[[], TrainSettings], sentence: str
) -> None:
    with pytest.raises(InputError) as refused:
        wrong()
    assert str(refused.value).startswith(sentence)


def test_the_defaults_are_the_notebooks() -> None:
    settings = TrainSettings()
    assert (settings.lr, settings.optimizer) == (1e-5, "AdamW")
    assert ModelChoice() == ModelChoice("builtin", "auto", "auto", remote_code=False)


def test_each_setting_has_a_field_that_reads_what_it_shows() -> None:
    assert [field.name for field in fields_of(TrainSettings)] == [
        field.name for field in fields(TrainSettings)
    ]
    other = TrainSettings(
        problems="a.jsonl",
        items=1200,
        lr=3e-4,
        optimizer="SGD",
        shuffle=True,
        schedule="cosine",
        weight_decay=0.1,
    )
    for settings in (TrainSettings(), other):
        typed = {field.name: field.typed(settings) for field in fields_of(TrainSettings)}
        assert read_typed(TrainSettings, typed) == settings
    changed = ["problems", "items", "lr", "optimizer", "weight_decay", "schedule", "shuffle"]
    assert [field.name for field in differing(other, TUTORIAL)] == changed


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:1", "xpu", "mps"])
def test_every_device_that_can_be_is_taken(device: str) -> None:
    assert ModelChoice(device=device).device == device
