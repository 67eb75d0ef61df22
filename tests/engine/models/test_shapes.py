"""Models that are a shape with random weights."""

import pytest
import torch

from tests.engine.notebook import assert_same_bits, weights_of
from tests.known import step_reports
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.models.devices import count_parameters
from tui_trainer.engine.models.shapes import SHAPES, random_model, shape_config
from tui_trainer.errors import InputError
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("smollm2-135m", 134_515_008), ("qwen3-0.6b", 596_049_920), ("qwen3-1.7b", 1_720_574_976)],
)
def test_a_shape_has_the_parameters_of_its_model(name: str, parameters: int) -> None:
    assert count_parameters(shape_config(name, 0)) == parameters


def test_a_random_model_is_loaded_and_trained_as_any_other(engine: Engine) -> None:
    status = engine.load_model(ModelChoice("random:tiny", "cpu", "fp32"))
    assert (status.model.name, status.model.architecture) == ("random:tiny", "Qwen3ForCausalLM")
    # Untrained, it takes every token of the vocabulary for about as likely: ln 4096 = 8.32.
    first, *_ = step_reports(engine.train(TrainSettings(items=3)))
    assert first.loss == pytest.approx(8.32, abs=0.1)


def test_a_random_model_is_the_same_every_time_and_draws_nobodys_numbers(engine: Engine) -> None:
    engine.load_model(ModelChoice("random:tiny", "cpu", "fp32"))
    first = weights_of(engine.learner.model)
    config = engine.learner.model.config
    torch.manual_seed(7)
    assert_same_bits(first, weights_of(random_model(config, torch.float32)))
    drawn = torch.rand(1)
    torch.manual_seed(7)
    assert torch.equal(drawn, torch.rand(1))


def test_a_shape_that_is_not_known_says_which_are(engine: Engine) -> None:
    with pytest.raises(InputError) as told:
        engine.load_model(ModelChoice("random:gpt-5"))
    for name in ("'gpt-5'", *SHAPES):
        assert name in str(told.value)
