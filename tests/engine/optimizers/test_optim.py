"""Which weights decay, and the learning rate of each step."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM

from tests.engine.notebook import assert_same_bits
from tests.known import each, present, step_reports, the
from tests.models import ARCHITECTURES
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.optimizers.optim import make_optimizer, parameter_groups, schedule_factor
from tui_trainer.engine.weights import Weights
from tui_trainer.errors import InputError
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.train import TrainSettings


def parameters_of(group: dict[str, list[Tensor] | float]) -> list[Tensor]:
    return list(each(Tensor, the(list, group["params"])))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_parameter_is_in_one_group_and_matrices_alone_decay(
    model_folder: Callable[[str], Path], architecture: str
) -> None:
    model = AutoModelForCausalLM.from_pretrained(model_folder(architecture))
    decayed, others = parameter_groups(Weights(model), 0.1)
    assert (decayed["weight_decay"], others["weight_decay"]) == (0.1, 0.0)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    decaying, constant = parameters_of(decayed), parameters_of(others)
    grouped = [names[id(p)] for p in (*decaying, *constant)]
    assert sorted(grouped) == sorted(names.values())  # once each
    for parameter in constant:
        assert (
            "norm" in names[id(parameter)]
            or "ln_" in names[id(parameter)]
            or (names[id(parameter)].endswith("bias"))
        )
    assert not any("norm" in names[id(p)] or "bias" in names[id(p)] for p in decaying)


def test_a_tied_embedding_is_counted_once(model_folder: Callable[[str], Path]) -> None:
    model = AutoModelForCausalLM.from_pretrained(model_folder("Llama"))
    embedding = model.get_input_embeddings().weight
    assert model.get_output_embeddings().weight is embedding
    decayed, others = parameter_groups(Weights(model), 0.1)
    assert sum(p is embedding for p in (*parameters_of(decayed), *parameters_of(others))) == 1
    assert any(p is embedding for p in parameters_of(decayed))


def test_a_step_without_gradient_shrinks_matrices_and_nothing_else(
    model_folder: Callable[[str], Path],
) -> None:
    model = AutoModelForCausalLM.from_pretrained(model_folder("Qwen3"))
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimizer = make_optimizer("AdamW", Weights(model), 0.5, weight_decay=0.2)
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    for name, parameter in model.named_parameters():
        factor = 1 - 0.5 * 0.2 if parameter.dim() >= 2 else 1.0
        assert torch.allclose(parameter, before[name] * factor), name


def test_without_a_number_the_optimizer_is_torchs_own(model_folder: Callable[[str], Path]) -> None:
    model = AutoModelForCausalLM.from_pretrained(model_folder("Qwen3"))
    (group,) = make_optimizer("AdamW", Weights(model), 1e-3).param_groups
    (theirs,) = torch.optim.AdamW(model.parameters(), lr=1e-3).param_groups
    assert_same_bits(group.pop("params"), theirs.pop("params"))
    assert group == theirs
    assert group["weight_decay"] == 0.01


def test_schedules_rise_in_a_line_and_fall_as_their_name_says() -> None:
    def factors(schedule: str, warmup: int) -> list[float]:
        return [schedule_factor(schedule, step, 8, warmup) for step in range(1, 9)]

    assert factors("constant", 0) == [1] * 8
    assert factors("constant", 4) == [0.25, 0.5, 0.75, 1, 1, 1, 1, 1]
    assert factors("linear", 4) == [0.25, 0.5, 0.75, 1, 1, 0.75, 0.5, 0.25]
    assert factors("linear", 0) == [1 - n / 8 for n in range(8)]
    cosine = [(1 + math.cos(math.pi * n / 6)) / 2 for n in range(6)]
    assert factors("cosine", 2) == pytest.approx([0.5, 1, *cosine])
    assert factors("cosine", 20) == [n / 20 for n in range(1, 9)]


def test_a_run_follows_its_schedule(qwen3: Engine) -> None:
    settings = TrainSettings(items=6, lr=1e-3, schedule="linear", warmup=2)
    steps = list(step_reports(qwen3.train(settings)))
    expected = [5e-4, 1e-3, 1e-3, 0.75e-3, 0.5e-3, 0.25e-3]
    assert [step.lr for step in steps] == pytest.approx(expected)
    assert {step.peak_lr for step in steps} == {1e-3}


def test_a_rate_changed_in_a_run_counts_from_the_next_step(qwen3: Engine) -> None:
    steps = qwen3.train(TrainSettings(items=4, lr=1e-3, schedule="linear"))
    first = the(StepReport, next(steps))
    qwen3.set_training_lr(0.1)
    with pytest.raises(InputError, match="must be above 0"):
        qwen3.set_training_lr(-1.0)
    second, *_ = step_reports(steps)
    assert (first.lr, first.peak_lr) == (1e-3, 1e-3)
    assert (second.lr, second.peak_lr) == pytest.approx((0.075, 0.1))
    assert present(qwen3.status()).lr == 1e-5  # that of the cell on Step is another optimizer's


def test_a_rate_without_a_run_is_refused(qwen3: Engine) -> None:
    with pytest.raises(InputError, match="No loop has been started"):
        qwen3.set_training_lr(1e-3)
