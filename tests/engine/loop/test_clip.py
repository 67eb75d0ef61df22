"""The norm of the gradients in the loop, and clipping: to the bit what torch's function does."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn.utils import clip_grad_norm_
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_pre_hook

from tests.at_length import first_is_quick
from tests.engine.notebook import assert_same_bits, weights_of
from tests.known import step_reports
from tui_trainer.engine.engine import Engine
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

ITEMS, NEVER = 6, math.inf
ONE_BY_ONE = TrainSettings(items=ITEMS, lr=1e-3, layers_every=0)
ACCUMULATED = replace(ONE_BY_ONE, items=4 * ITEMS, batch=2, accumulation=2, fused=True)
PACKED = replace(ONE_BY_ONE, items=3 * ITEMS, pack=200, chunked_loss=True, weight_decay=0.1)
HOW = {
    "accumulated and fused": (ACCUMULATED, "fp32"),
    "one by one": (ONE_BY_ONE, "fp32"),
    "SGD": (replace(ONE_BY_ONE, optimizer="SGD", lr=0.1), "fp32"),
    "packed": (PACKED, "fp32"),
    "mixed": (ACCUMULATED, "mixed"),
    "bf16": (ONE_BY_ONE, "bf16"),
    "rounded by chance": (replace(ONE_BY_ONE, accumulation=2), "bf16-sr"),
}


@contextmanager
def clipped_by_torch(engine: Engine, most: float) -> Iterator[list[float]]:
    """Before each update the function that everybody calls, on the model's own parameters; the
    norms that it gives."""
    norms: list[float] = []

    def clip(*_: object) -> None:
        norms.append(clip_grad_norm_(engine.learner.model.parameters(), most).item())

    hook = register_optimizer_step_pre_hook(clip)
    try:
        yield norms
    finally:
        hook.remove()


def run(engine: Engine, settings: TrainSettings) -> tuple[list[StepReport], list[torch.Tensor]]:
    """The steps of a loop from the loaded weights, and the weights after it."""
    engine.reload()
    steps = list(step_reports(engine.train(settings)))
    return steps, weights_of(engine.learner.model)


@pytest.mark.parametrize("how", first_is_quick(*HOW))
def test_a_loop_that_clips_is_that_of_torchs_own_function_to_the_bit(
    engine: Engine, model_folder: Callable[[str], Path], how: str
) -> None:
    settings, precision = HOW[how]
    engine.load_model(ModelChoice(str(model_folder("Qwen3")), "cpu", precision))
    with clipped_by_torch(engine, NEVER) as norms:
        unclipped, weights = run(engine, settings)
    assert [step.grad_norm for step in unclipped] == norms
    assert not any(step.clipped for step in unclipped)
    most = sum(sorted(norms)[2:4]) / 2  # some steps are longer, and some are not

    with clipped_by_torch(engine, most) as norms:
        expected, expected_weights = run(engine, settings)
    found, found_weights = run(engine, replace(settings, clip=most))
    assert [step.grad_norm for step in found] == norms
    assert [step.loss for step in found] == [step.loss for step in expected]
    assert_same_bits(found_weights, expected_weights)
    assert [step.clipped for step in found] == [norm > most for norm in norms]
    assert any(step.clipped for step in found)
    assert any(not torch.equal(*pair) for pair in zip(weights, found_weights, strict=True))


def test_the_norm_is_that_of_all_gradients_whoever_looks(qwen3: Engine) -> None:
    seen: list[float] = []

    def look(optimizer: Optimizer, *_: object) -> None:
        squares = (p.grad.double().square().sum() for p in optimizer.param_groups[0]["params"])
        seen.append(math.sqrt(sum(map(float, squares))))

    hook = register_optimizer_step_pre_hook(look)
    try:
        steps = list(step_reports(qwen3.train(TrainSettings(items=3))))
    finally:
        hook.remove()
    assert [step.grad_norm for step in steps] == pytest.approx(seen, rel=1e-5)


def test_a_step_that_is_left_out_has_its_norm_and_is_not_clipped(qwen3: Engine) -> None:
    settings = TrainSettings(items=40, optimizer="SGD", lr=10.0, clip=1e30, skip_not_finite=True)
    left_out = [step for step in step_reports(qwen3.train(settings)) if not step.applied]
    assert left_out
    assert not any(math.isfinite(step.grad_norm) and math.isfinite(step.loss) for step in left_out)
    assert not any(step.clipped for step in left_out)
