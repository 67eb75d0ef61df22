"""Dropout of the training cell: what train mode drops, and that nobody else notices."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from tests.known import present
from tests.models import ARCHITECTURES, NOTEBOOK_TEXT
from tui_trainer.engine.cell.passes import passes
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.random_numbers import get_rng
from tui_trainer.errors import InputError
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings


def load(engine: Engine, folder: Path) -> Engine:
    engine.load_model(ModelChoice(str(folder), "cpu", "fp32"))
    return engine


def weights(engine: Engine) -> list[torch.Tensor]:
    return [weight.detach().clone() for weight in engine.learner.model.parameters()]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_train_mode_differs_and_eval_mode_does_not(
    engine: Engine, model_folder: Callable[[str], Path], architecture: str
) -> None:
    load(engine, model_folder(architecture)).set_dropout(0.3)
    rng = get_rng(engine.learner.device)
    report = engine.passes(NOTEBOOK_TEXT)
    first, second = report.train
    assert first.loss != second.loss
    assert report.eval[0] == report.eval[1] == engine.predict(NOTEBOOK_TEXT, 1)
    assert torch.equal(rng[0], get_rng(engine.learner.device)[0])
    assert report.dropped.startswith("Train mode drops") or "by a hook" in report.dropped
    engine.set_dropout(0)
    report = engine.passes(NOTEBOOK_TEXT)
    assert report.train == report.eval


@pytest.mark.parametrize("architecture", ["Qwen3", "GPT2"])
def test_where_it_is_not_set_every_number_is_the_notebooks(
    engine: Engine, model_folder: Callable[[str], Path], architecture: str
) -> None:
    load(engine, model_folder(architecture))
    plain = [engine.update(NOTEBOOK_TEXT).loss for _ in range(3)]
    engine.reload()
    engine.set_dropout(0.4)
    engine.passes(NOTEBOOK_TEXT)
    engine.learner.setup.dropout.p = None
    assert [engine.update(NOTEBOOK_TEXT).loss for _ in range(3)] == plain


def test_attention_and_residual_dropout_of_qwen3_are_those_of_plain_pytorch(qwen3: Engine) -> None:
    """By hand: `attention_dropout` of each attention, F.dropout after attention and MLP."""
    qwen3.set_dropout(0.25)
    learner = qwen3.learner
    loss = qwen3.update(NOTEBOOK_TEXT).loss
    qwen3.reload()
    model = learner.model.train()
    for block in model.model.layers:
        block.self_attn.attention_dropout = 0.25
        block.self_attn.register_forward_hook(
            lambda _module, _inputs, out: (F.dropout(out[0], 0.25), *out[1:])
        )
        block.mlp.register_forward_hook(lambda _module, _inputs, out: F.dropout(out, 0.25))
    ids = learner.input_ids(NOTEBOOK_TEXT)
    logits = model(input_ids=ids, use_cache=False).logits
    assert F.cross_entropy(logits[0, :-1], ids[0, 1:]).item() == loss
    words = present(qwen3.status()).dropped
    assert "no dropout modules" in words
    assert "(attention_dropout)" in words
    assert "(self_attn, mlp)" in words


def test_the_modules_of_gpt2_are_named(engine: Engine, model_folder: Callable[[str], Path]) -> None:
    status = load(engine, model_folder("GPT2")).set_dropout(0.5)
    assert "attn_dropout, drop, " in status.dropped
    assert "hook" not in status.dropped
    assert status.dropout == 0.5


@pytest.mark.parametrize("architecture", ["Qwen3", "GPT2"])
def test_undo_and_redo_are_exact_with_it(
    engine: Engine, model_folder: Callable[[str], Path], architecture: str
) -> None:
    load(engine, model_folder(architecture)).set_dropout(0.3)
    engine.set_lr(1e-2)
    before, rng = weights(engine), torch.get_rng_state()
    first = engine.update(NOTEBOOK_TEXT)
    after = weights(engine)
    engine.set_dropout(0)
    engine.undo()
    assert present(engine.status()).dropout == 0.3  # as the update was made
    assert all(map(torch.equal, weights(engine), before))
    assert torch.equal(torch.get_rng_state(), rng)
    engine.passes(NOTEBOOK_TEXT)
    engine.redo()
    assert all(map(torch.equal, weights(engine), after))
    engine.undo()
    again = engine.update(NOTEBOOK_TEXT)
    assert (again.loss, again.grad_norm) == (first.loss, first.grad_norm)
    assert all(map(torch.equal, weights(engine), after))


def test_phases_drop_as_the_whole_cell_does(qwen3: Engine) -> None:
    qwen3.set_dropout(0.3)
    loss = qwen3.update(NOTEBOOK_TEXT).loss
    whole = weights(qwen3)
    qwen3.reload()
    for phase in ("forward", "loss", "backward", "optimizer.step"):
        report = qwen3.phase(phase, NOTEBOOK_TEXT)
    assert report.loss == loss
    assert all(map(torch.equal, weights(qwen3), whole))


def test_a_loop_and_predictions_have_the_models_own(qwen3: Engine) -> None:
    settings = TrainSettings(items=2)
    plain = [r.loss for r in qwen3.train(settings) if isinstance(r, StepReport)]
    qwen3.reload()
    predicted = qwen3.predict(NOTEBOOK_TEXT)
    qwen3.set_dropout(0.9)
    assert qwen3.predict(NOTEBOOK_TEXT) == predicted
    assert [r.loss for r in qwen3.train(settings) if isinstance(r, StepReport)] == plain
    assert all(not block._forward_hooks for block in qwen3.learner.model.modules())


@pytest.mark.parametrize("p", [-0.1, 1.0, 2.0, float("nan"), float("inf")])
def test_what_is_no_probability_is_refused(qwen3: Engine, p: float) -> None:
    with pytest.raises(InputError, match="A dropout probability is from 0"):
        qwen3.set_dropout(p)
    assert present(qwen3.status()).dropout == 0


def test_a_model_in_which_nothing_can_be_dropped_says_so(qwen3: Engine) -> None:
    learner = qwen3.learner
    learner.setup.dropout.__dict__["hooked"] = ()
    learner.setup.dropout._places = ()
    with pytest.raises(InputError, match="no place in it that could drop"):
        qwen3.set_dropout(0.1)
    qwen3.set_dropout(0)


def test_a_text_that_cannot_be_read_leaves_the_random_numbers(qwen3: Engine) -> None:
    rng = torch.get_rng_state()
    with pytest.raises(InputError):
        passes(qwen3.learner, "")
    assert torch.equal(torch.get_rng_state(), rng)


@pytest.mark.parametrize("architecture", ["GPT2", "Qwen3"])
def test_the_models_own_comes_back(
    engine: Engine, model_folder: Callable[[str], Path], architecture: str
) -> None:
    own = present(load(engine, model_folder(architecture)).status())
    assert own.own_dropout
    assert not engine.set_dropout(0.3).own_dropout
    again = engine.set_dropout(None)
    assert (again.own_dropout, again.dropout) == (True, own.dropout)
    assert engine.learner.setup.dropout.p is None
