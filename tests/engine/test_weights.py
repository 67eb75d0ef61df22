"""What a parameter set is: which train, copies, bits, version, fingerprint, gradients."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.engine.notebook import assert_same_bits, weights_of
from tests.known import present, the
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.cell.fork import fork
from tui_trainer.engine.cell.moved import which_moved
from tui_trainer.engine.cell.update import update
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.weights import Weights, values_before
from tui_trainer.errors import InputError
from tui_trainer.settings.model import ModelChoice

ODD = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1e-45, 3e38, -1.0]
KINDS = [torch.float64, torch.float32, torch.bfloat16]


def odd_model(kind: torch.dtype, *, turned: int = 0) -> nn.Sequential:
    """Two layers of the values that floats are wrong about, in another order where `turned`."""
    model = nn.Sequential(nn.Linear(4, 2, bias=False), nn.Linear(2, 4)).to(kind)
    values = torch.tensor(ODD, dtype=kind).roll(turned)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(values[: parameter.numel()].view(parameter.shape))
    return model


def bits(model: nn.Module) -> list[bytes]:
    return [p.detach().view(torch.uint8).numpy().tobytes() for p in model.parameters()]


@pytest.mark.parametrize("kind", KINDS)
def test_a_difference_leads_back_and_forth_to_the_bit(kind: torch.dtype) -> None:
    model, other = odd_model(kind), odd_model(kind, turned=3)
    weights = Weights(model)
    before, after = bits(model), bits(other)
    difference = weights.copy()
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), other.parameters(), strict=True):
            parameter.copy_(value)
    changed = weights.turn_into_difference(difference)
    differ = torch.tensor(ODD, dtype=kind).view(torch.uint8).view(8, -1)
    rolled = differ.roll(3, dims=0)
    expected = [int((differ[:n] != rolled[:n]).any(1).sum()) for n in (8, 8, 4)]
    assert changed == sum(expected)
    first = values_before(weights.trained[0].detach(), difference[0])
    assert first.view(torch.uint8).numpy().tobytes() == before[0]
    weights.add_difference(difference)
    assert bits(model) == before
    weights.subtract_difference(difference)
    assert bits(model) == after


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_is_restored_to_the_bit_and_drops_the_gradients(kind: torch.dtype) -> None:
    model = odd_model(kind)
    weights, before = Weights(model), bits(model)
    for copy in (weights.copy_to_host(), weights.copy()):
        for parameter in weights.trained:
            parameter.grad = torch.ones_like(parameter)
            parameter.data.fill_(7)
        weights.restore(copy)
        assert bits(model) == before
        assert not weights.have_gradients


def test_one_copy_is_kept_until_it_is_given_away() -> None:
    weights = Weights(odd_model(torch.float32))
    assert weights.kept_bytes == 0
    weights.copy_ahead()
    assert weights.kept_bytes == weights.trained_bytes == 4 * 20
    first = weights.copy()
    assert weights.copy() is first
    weights.give_copy_away()
    assert weights.kept_bytes == 0
    second = weights.copy()
    assert not {t.data_ptr() for t in first} & {t.data_ptr() for t in second}
    weights.reuse_memory(first)
    assert weights.copy() is second  # there is one already
    weights.give_copy_away()
    weights.reuse_memory(first)
    assert weights.copy() is first


def test_a_value_that_becomes_not_a_number_has_changed_once(qwen3: Engine) -> None:
    weights = qwen3.learner.weights
    copy = weights.copy()
    with torch.no_grad():
        weights.trained[0][0, :3] = torch.nan
    assert weights.turn_into_difference(copy) == 3
    assert weights.turn_into_difference(weights.copy()) == 0


def test_a_tied_matrix_is_one_weight(qwen3: Engine, model_folder: Callable[[str], Path]) -> None:
    qwen3.load_model(ModelChoice(str(model_folder("Llama")), "cpu", "fp32"))
    model, weights = qwen3.learner.model, qwen3.learner.weights
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight
    assert list(weights.trained) == list(weights.names) == list(model.parameters())
    assert weights.bytes == 4 * sum(p.numel() for p in model.parameters())


def test_the_version_changes_whoever_writes(qwen3: Engine) -> None:
    weights, optimizer = qwen3.learner.weights, qwen3.learner.setup.optimizer
    seen = {weights.version}
    qwen3.predict(NOTEBOOK_TEXT, 1)
    weights.copy()
    assert seen == {weights.version}
    with torch.no_grad():
        weights.trained[-1].add_(0)
    seen.add(weights.version)
    weights.gradients = [torch.ones_like(p) for p in weights.trained]
    optimizer.step()
    seen.add(weights.version)
    weights.restore(weights.copy_to_host())
    seen.add(weights.version)
    assert len(seen) == 4


def test_the_fingerprint_is_of_names_shapes_and_values() -> None:
    """The first is as runs on disk have it: a run that was begun must be found to be the same."""

    def made(*sizes: int, fill: float = 0.5) -> str:
        model = nn.Sequential(*(nn.Linear(size, 2048 // size, bias=False) for size in sizes))
        for parameter in model.parameters():
            parameter.data.copy_(torch.arange(2048.0).view(parameter.shape) * fill)
        return Weights(model).fingerprint()

    assert made(32) == made(32) == "d66f3082e08b7dbd"
    assert len({made(32), made(64), made(32, 64), made(64, 32), made(32, fill=0.25)}) == 5


def test_weights_that_are_not_finite_are_named(qwen3: Engine) -> None:
    weights = qwen3.learner.weights
    with torch.no_grad():
        weights.trained[0][0] = 3e38  # whose norm overflows
    assert list(weights.not_finite()) == []
    weights.check_finite()
    with torch.no_grad():
        weights.trained[0][0, 0] = -math.inf
        weights.trained[-1][0] = math.nan
    assert list(weights.not_finite()) == ["model.embed_tokens.weight", "lm_head.weight"]
    with pytest.raises(InputError, match=r"not finite any more \(model.embed_tokens.weight has"):
        weights.check_finite()


def test_gradients_are_had_put_normed_and_dropped() -> None:
    model = odd_model(torch.float32)
    weights = Weights(model)
    assert (weights.have_gradients, weights.grad_norm().item()) == (False, 0.0)
    weights.gradients = [None, torch.full((4, 2), 3.0), torch.full((4,), 4.0)]
    assert weights.have_gradients
    assert weights.grad_norm().item() == pytest.approx(math.sqrt(8 * 9 + 4 * 16))
    kept = weights.gradients
    weights.zero_grad()
    assert [p.grad for p in model.parameters()] == weights.gradients == [None] * 3
    weights.gradients = kept
    assert the(nn.Linear, model[1]).bias.grad is kept[2]


def test_a_layer_that_is_frozen_is_in_no_copy_and_never_moves(qwen3: Engine) -> None:
    """No other file says which weights train: an update and all that follows leave it alone."""
    model = qwen3.learner.model
    frozen = the(nn.Embedding, model.get_input_embeddings()).weight.requires_grad_(False)
    learner = Learner(model, qwen3.learner.vocabulary, qwen3.learner.report)
    learner.setup.set_lr(1e-2)
    before = weights_of(model)
    weights = learner.weights
    assert weights.trained_bytes == weights.bytes - frozen.nbytes
    assert len(weights.copy()) == len(before) - 1
    held = {id(p) for group in learner.setup.optimizer.param_groups for p in group["params"]}
    assert id(frozen) not in held

    report = update(learner, NOTEBOOK_TEXT)
    trained = sum(p.numel() for p in weights.trained)
    assert 0.9 * trained < present(report.moved) <= trained
    embedding, *others = which_moved(learner).layers
    assert (embedding.moved, embedding.update_norm) == (0, 0.0)
    assert all(layer.moved for layer in others)
    after = weights_of(model)
    fork(learner, NOTEBOOK_TEXT)
    assert_same_bits(model.parameters(), after)
    learner.history.undo()
    assert_same_bits(model.parameters(), before)
    learner.history.redo()
    assert_same_bits(model.parameters(), after)
    learner.reload()
    assert_same_bits(model.parameters(), before)
