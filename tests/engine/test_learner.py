"""What the notebook's cells share: reload, optimizer, learning rate, mode."""

import math

import pytest
import torch

from tests.engine.notebook import assert_same_bits, weights_of
from tests.known import present
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.engine import Engine
from tui_trainer.errors import InputError
from tui_trainer.settings.train import TrainSettings


def test_reload_gives_the_loaded_weights_bit_for_bit(qwen3: Engine) -> None:
    loaded = weights_of(qwen3.learner.model)
    first = qwen3.update(NOTEBOOK_TEXT)
    list(qwen3.train(TrainSettings(items=2)))
    status = qwen3.reload()
    assert status.updates == 0
    assert_same_bits(qwen3.learner.model.parameters(), loaded)
    again = qwen3.update(NOTEBOOK_TEXT)
    assert (again.update, again.loss, again.after) == (1, first.loss, first.after)


def test_reload_keeps_what_the_user_chose(qwen3: Engine) -> None:
    qwen3.set_optimizer("SGD")
    qwen3.set_lr(0.25)
    qwen3.set_training(False)
    status = qwen3.reload()
    assert (status.optimizer, status.lr, status.training) == ("SGD", 0.25, False)


def test_a_learning_rate_changes_and_the_optimizers_state_stays(qwen3: Engine) -> None:
    qwen3.update(NOTEBOOK_TEXT)
    optimizer = qwen3.learner.setup.optimizer
    assert qwen3.set_lr(3e-4).lr == 3e-4
    assert qwen3.learner.setup.optimizer is optimizer
    assert qwen3.update(NOTEBOOK_TEXT).lr == 3e-4


def test_another_optimizer_starts_afresh_at_the_same_rate(qwen3: Engine) -> None:
    qwen3.set_lr(0.125)
    status = qwen3.set_optimizer("SGD")
    assert (status.optimizer, status.lr) == ("SGD", 0.125)
    assert isinstance(qwen3.learner.setup.optimizer, torch.optim.SGD)
    before = weights_of(qwen3.learner.model)
    report = qwen3.update(NOTEBOOK_TEXT)
    pairs = zip(before, qwen3.learner.model.parameters(), strict=True)
    distance = math.sqrt(sum(((old - new.detach()) ** 2).sum().item() for old, new in pairs))
    assert distance == pytest.approx(0.125 * report.grad_norm, rel=1e-3)


@pytest.mark.parametrize("lr", [0.0, -1.0, 10.5, math.nan, math.inf])
def test_a_rate_that_is_none_is_refused_and_the_old_one_stays(qwen3: Engine, lr: float) -> None:
    with pytest.raises(InputError, match="learning rate must be above 0 and at most 10, not"):
        qwen3.set_lr(lr)
    assert present(qwen3.status()).lr == 1e-5


def test_an_unknown_optimizer_is_refused_and_the_old_one_stays(qwen3: Engine) -> None:
    with pytest.raises(InputError, match="Optimizer 'Lion' is not known: use AdamW or SGD"):
        qwen3.set_optimizer("Lion")
    assert present(qwen3.status()).optimizer == "AdamW"
