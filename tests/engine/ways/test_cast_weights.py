"""Weights that are cast once for a batch of answers: the same bits, where the model lets it."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from tui_trainer.engine.engine import Engine
from tui_trainer.engine.generation.batch_generation import GreedyGeneration
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.ways.model_checks import ModelChecks
from tui_trainer.settings.model import ModelChoice

TOKENS = 6
PROMPTS = [5, 6, 7, 8], [9, 10]


class Casts(TorchDispatchMode):
    """Counts for each weight how often it was cast."""

    def __init__(self, learner: Learner) -> None:
        super().__init__()
        self._names = {p.data_ptr(): name for name, p in learner.weights.named.items()}
        self.of = Counter[str]()

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401  # as torch declares it
        _types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        if func is torch.ops.aten._to_copy.default and args[0].data_ptr() in self._names:
            self.of[self._names[args[0].data_ptr()]] += 1
        return func(*args, **(kwargs or {}))


def mixed(engine: Engine, folder: Path) -> Learner:
    engine.load_model(ModelChoice(str(folder), "cpu", "mixed"))
    return engine.learner


def written(learner: Learner) -> tuple[list[list[int]], Counter[str]]:
    generation = GreedyGeneration(learner, PROMPTS, TOKENS)
    casts = Casts(learner)
    while not generation.is_done:
        with casts:
            generation.step()
    return generation._written, casts.of


@pytest.mark.parametrize("architecture", ["Qwen3", "GPT2", "Gemma"])
def test_no_weight_is_cast_twice_in_a_batch_and_the_tokens_are_those_of_casting_anew(
    engine: Engine,
    model_folder: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    architecture: str,
) -> None:
    learner = mixed(engine, model_folder(architecture))
    before = dict(learner.model.named_parameters())
    tokens, casts = written(learner)
    assert casts
    assert set(casts.values()) == {1}
    after = dict(learner.model.named_parameters())
    assert all(after[name] is parameter for name, parameter in before.items())
    monkeypatch.setattr(ModelChecks, "casts_weights_once", lambda _: False)
    anew, casts_anew = written(learner)
    assert anew == tokens
    assert casts.keys() == casts_anew.keys()
    assert set(casts_anew.values()) == {TOKENS}


def test_one_by_one_they_are_cast_once_too(
    engine: Engine, model_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = mixed(engine, model_folder("Qwen3"))
    monkeypatch.setattr(ModelChecks, "answers_in_batches", lambda *_: False)
    tokens, casts = written(learner)
    assert list(map(len, tokens)) == [TOKENS, TOKENS]
    assert set(casts.values()) == {1}


def test_a_model_that_leaves_autocast_for_a_product_has_its_weights_as_they_are(
    engine: Engine, model_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = mixed(engine, model_folder("Qwen3"))
    head = learner.model.get_output_embeddings()
    multiply = head.forward

    def in_fp32(hidden: Tensor) -> Tensor:
        with torch.autocast("cpu", enabled=False):
            return multiply(hidden.float())

    monkeypatch.setattr(head, "forward", in_fp32)
    assert not learner.checks.casts_weights_once()
    assert list(map(len, written(learner)[0])) == [TOKENS, TOKENS]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_nothing_is_cast_where_the_model_computes_as_it_is_stored(
    engine: Engine, model_folder: Callable[[str], Path], precision: str
) -> None:
    engine.load_model(ModelChoice(str(model_folder("Qwen3")), "cpu", precision))
    assert not engine.learner.checks.casts_weights_once()
    assert not written(engine.learner)[1]
