"""The weights of a model on an accelerator are read once: what was read is what a reload takes."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import PreTrainedModel

from tests.cards import GIB, put_in
from tests.engine.notebook import assert_same_bits, weights_of
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.weights import Weights
from tui_trainer.settings.model import ModelChoice


def never(_: Weights) -> list[torch.Tensor]:
    raise AssertionError("The weights come back from the device.")


def move(model: PreTrainedModel, device: torch.device) -> PreTrainedModel:
    """As torch does it, to memory that is not that of before: there is no card."""
    for parameter in model.parameters():
        parameter.data = parameter.data.clone()
    return model


def test_what_was_read_is_the_copy(
    engine: Engine, model_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in(monkeypatch, 8 * GIB)
    monkeypatch.setattr(PreTrainedModel, "to", move)
    monkeypatch.setattr(Weights, "copy_to_host", never)
    engine.load_model(ModelChoice(str(model_folder("Qwen3")), "cuda:0", "fp32"))
    learner = engine.learner
    assert learner.loaded.is_copied
    loaded = weights_of(learner.model)
    with torch.no_grad():
        for weight in learner.weights.trained:
            weight.add_(1)
    learner.loaded.restore()
    assert_same_bits(learner.model.parameters(), loaded)
