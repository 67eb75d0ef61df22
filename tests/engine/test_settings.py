"""Settings refuse what cannot be meant, in a sentence, when they are made."""

import pytest

from tui_trainer.engine.errors import InputError
from tui_trainer.engine.settings import ModelChoice, TrainSettings


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"source": " "}, "Name a model: builtin, a directory, a .gguf file or a Hub id."),
        ({"device": "tpu"}, "Device 'tpu' is not known: use auto, cpu, cuda or cuda:N."),
        (
            {"precision": "fp16"},
            "Precision 'fp16' is not known: use auto, fp32, mixed, bf16.",
        ),
    ],
)
def test_a_model_choice_that_cannot_be_meant(wrong: dict[str, str], sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        ModelChoice(**wrong)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"problems": ""}, "Name the problems: builtin, a .jsonl or .parquet file"),
        ({"items": 0}, "The loop needs at least 1 item, not 0."),
        ({"seed": -1}, "The seed must be 0 or more, not -1."),
        ({"lr": 0.0}, "The learning rate must be above 0 and at most 10, not 0."),
        ({"optimizer": "adam"}, "Optimizer 'adam' is not known: use AdamW or SGD."),
    ],
)
def test_train_settings_that_cannot_be_meant(wrong: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        TrainSettings(**wrong)
    assert str(refused.value).startswith(sentence)


def test_the_defaults_are_the_notebooks() -> None:
    settings = TrainSettings()
    assert (settings.lr, settings.optimizer) == (1e-5, "AdamW")
    assert ModelChoice() == ModelChoice("builtin", "auto", "auto", remote_code=False)


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:1"])
def test_every_device_that_can_be_is_taken(device: str) -> None:
    assert ModelChoice(device=device).device == device
