"""What a step did to each layer: what plain torch finds, and the same updates to the bit."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

from tests.at_length import first_is_quick
from tests.engine.notebook import assert_same_bits, weights_of
from tests.known import present, step_reports
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.loop.layer_look import LayerLook
from tui_trainer.engine.models.layers import layers_of
from tui_trainer.errors import InputError
from tui_trainer.reports.layers import FIGURES
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.home import run_folders
from tui_trainer.runs.layer_history import LayerHistory
from tui_trainer.runs.loop_lines import layers_line
from tui_trainer.runs.past import past_up_to
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

PLAIN = TrainSettings(items=4, lr=1e-3, layers_every=0)
HOW = {
    "decay, fused and clipped": (replace(PLAIN, fused=True, weight_decay=0.1, clip=0.5), "fp32"),
    "rounded by chance": (replace(PLAIN, items=8, accumulation=2, weight_decay=0.1), "bf16-sr"),
    "one by one": (PLAIN, "fp32"),
    "SGD": (replace(PLAIN, optimizer="SGD", lr=0.1), "fp32"),
    "mixed": (replace(PLAIN, items=8, batch=2), "mixed"),
    "bf16": (PLAIN, "bf16"),
    "SGD rounded by chance": (replace(PLAIN, optimizer="SGD", lr=0.1), "bf16-sr"),
}
Figures = dict[str, tuple[float, float | None, float | None, float]]


class ByHand:
    """The figures of each step, from whole copies of the model, in fp64."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.steps: list[Figures] = []

    def before(self, *_: object) -> None:
        self._weights = weights_of(self._engine.learner.model)

    def after(self, optimizer: Optimizer, *_: object) -> None:
        named = self._engine.learner.weights
        before = dict(zip(named.named.values(), self._weights, strict=True))
        self.steps.append(
            {layer.name: figures(layer.parameters, before, optimizer) for layer in layers_of(named)}
        )


def figures(
    weights: tuple[nn.Parameter, ...], before: dict[nn.Parameter, Tensor], optimizer: Optimizer
) -> tuple[float, float | None, float | None, float]:
    now = flat(*weights)
    old = flat(*(before[w] for w in weights))
    gradient = flat(*(present(w.grad) for w in weights))
    rms = None
    if "exp_avg_sq" in optimizer.state[weights[0]]:
        state = [optimizer.state[w] for w in weights]
        beta, eps = optimizer.param_groups[0]["betas"][1], optimizer.param_groups[0]["eps"]
        v = flat(*(s["exp_avg_sq"] for s in state)) / (1 - beta ** float(state[0]["step"]))
        rms = (gradient.square() / v.clamp_min(eps**2)).mean().sqrt().item()
    moved = (now != old).double().mean().item()
    return gradient.norm().item(), ((now - old).norm() / old.norm()).item(), rms, moved


def flat(*tensors: Tensor) -> Tensor:
    return torch.cat([tensor.detach().double().flatten() for tensor in tensors])


def run(engine: Engine, settings: TrainSettings) -> tuple[list[StepReport], list[Tensor]]:
    """The steps of a loop from the loaded weights, and the weights after it."""
    engine.reload()
    steps = list(step_reports(engine.train(settings)))
    return steps, weights_of(engine.learner.model)


@pytest.mark.parametrize("how", first_is_quick(*HOW))
def test_the_figures_are_those_of_plain_torch_and_no_bit_of_the_run_is_another(
    engine: Engine, model_folder: Callable[[str], Path], how: str
) -> None:
    settings, precision = HOW[how]
    engine.load_model(ModelChoice(str(model_folder("Qwen3")), "cpu", precision))
    by_hand = ByHand(engine)
    hooks = (
        register_optimizer_step_pre_hook(by_hand.before),
        register_optimizer_step_post_hook(by_hand.after),
    )
    try:
        plain, weights = run(engine, settings)
    finally:
        for hook in hooks:
            hook.remove()
    looked, looked_weights = run(engine, replace(settings, layers_every=1))
    assert_same_bits(looked_weights, weights)
    assert [step.loss for step in looked] == [step.loss for step in plain]
    assert all(step.layers is None for step in plain)
    for step, expected in zip(looked, by_hand.steps, strict=True):
        found = present(step.layers)
        assert found.step == step.step
        assert [layer.name for layer in found.layers] == list(expected)
        for layer in found.layers:
            norm, ratio, rms, moved = expected[layer.name]
            assert layer.update_ratio == pytest.approx(ratio, rel=1e-4)
            assert layer.rms == (None if rms is None else pytest.approx(rms, rel=1e-4))
            assert layer.moved == moved
            if not step.clipped:
                assert layer.grad_norm == pytest.approx(
                    norm, rel=1e-2 if "bf16" in precision else 1e-4
                )
    if settings.clip is not None:
        assert any(step.clipped for step in looked)
        norms = [math.hypot(*(at.grad_norm for at in present(s.layers).layers)) for s in looked]
        assert norms == pytest.approx([step.grad_norm for step in looked], rel=1e-4)


def test_they_are_looked_at_every_so_many_steps_and_written_before_the_step(
    qwen3: Engine,
) -> None:
    settings = TrainSettings(items=5, lr=1e-3, layers_every=2)
    steps = list(step_reports(qwen3.train(settings, record=True)))
    assert [step.step for step in steps if step.layers is not None] == [2, 4]
    text = (run_folders()[0] / "metrics.jsonl").read_text()
    kinds = ["layers" if '"event": "layers"' in line else "step" for line in text.splitlines()]
    assert kinds == ["step", "layers", "step", "step", "layers", "step", "step"]
    looked = present(steps[1].layers)
    line = json.loads(text.splitlines()[1])
    assert line == layers_line(looked)
    assert line["layers"] == [layer.name for layer in looked.layers]
    for name in FIGURES:
        told = [getattr(layer, name) for layer in looked.layers]
        assert line[name] == pytest.approx(told, rel=1e-5)


def test_the_heat_map_of_a_run_has_what_its_file_has_as_it_goes_and_once_it_is_read(
    qwen3: Engine,
) -> None:
    heard = LayerHistory()
    for step in step_reports(qwen3.train(TrainSettings(items=5, layers_every=1), record=True)):
        heard.hear(present(step.layers))
    text = (run_folders()[0] / "metrics.jsonl").read_text()
    lines = [line for line in map(json.loads, text.splitlines()) if "layers" in line]
    assert [line["step"] for line in lines] == [1, 2, 3, 4, 5]
    for column, line in zip(heard.whole(99), lines, strict=True):
        assert list(heard.names) == line["layers"]
        for name, cells in zip(FIGURES, column.figures, strict=True):
            assert [cell and cell.number for cell in cells] == line[name]
    read = past_up_to(run_folders()[0], 5, answer_only=False).layers
    assert (read.names, read.whole(99)) == (heard.names, heard.whole(99))


def test_an_optimizer_that_fails_between_two_weights_says_that_the_update_is_half_made(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = qwen3.train(TrainSettings(items=3, lr=1e-3, layers_every=2))
    next(steps)
    compare, seen = LayerLook._compare, list[Tensor]()

    def compare_two(look: LayerLook, weight: nn.Parameter, before: Tensor, by: Optimizer) -> None:
        if len(seen) == 2:
            raise torch.OutOfMemoryError("no room for a copy")
        seen.append(weight)
        compare(look, weight, before, by)

    monkeypatch.setattr(LayerLook, "_compare", compare_two)
    with pytest.raises(InputError, match="between two updates: press R"):
        next(steps)
    state = present(qwen3.at_hand.training.state)
    assert len(state.optimizer.param_groups[0]["params"]) == len(qwen3.learner.weights.trained)
