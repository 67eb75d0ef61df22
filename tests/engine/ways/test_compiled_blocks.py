"""With compiled blocks a model learns what it would learn otherwise."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch._inductor import config
from transformers import AutoModelForCausalLM

from tests.engine.notebook import assert_same_bits, weights_of
from tests.known import step_reports
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.models.layers import blocks_of
from tui_trainer.engine.ways.compiled_blocks import OTHER_NUMBERS, PLAIN, compile_blocks
from tui_trainer.reports.loop import PartReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import TUNED
from tui_trainer.settings.train import TrainSettings

SETTINGS = replace(TUNED, items=12, pack=200, lr=1e-3)


def run(engine: Engine, settings: TrainSettings) -> list[StepReport]:
    engine.reload()
    return [report for report in engine.train(settings) if isinstance(report, StepReport)]


@pytest.mark.real  # the compiler takes half a minute
def test_losses_and_weights_are_those_of_the_blocks_as_they_are(qwen3: Engine) -> None:
    plain = run(qwen3, SETTINGS)
    weights = weights_of(qwen3.learner.model)
    qwen3.reload()
    reports = qwen3.train(replace(SETTINGS, compiled=True))
    assert next(reports) == PartReport("warming up")
    steps = list(step_reports(report for report in reports if not isinstance(report, PartReport)))
    assert steps[0].notes == ()
    assert [step.loss for step in steps] == pytest.approx([step.loss for step in plain], rel=1e-5)
    for now, then in zip(qwen3.learner.model.parameters(), weights, strict=True):
        assert torch.allclose(now, then, atol=1e-5)
    # For the other screens, which read rows of other lengths, it is as it was.
    assert all("forward" not in vars(block) for block in blocks_of(qwen3.learner.model))


@pytest.mark.long
def test_without_a_compiler_the_loop_is_the_same_and_says_why(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = run(qwen3, SETTINGS)
    weights = weights_of(qwen3.learner.model)
    torch._dynamo.reset()
    monkeypatch.setattr(config.cpp, "cxx", (None, "/no/such/compiler"))
    monkeypatch.setattr(config, "fx_graph_cache", False)
    steps = run(qwen3, replace(SETTINGS, compiled=True))
    (note,) = steps[0].notes
    assert note.startswith("The model's blocks are not compiled, and run as they are: ")
    assert "No working C++ compiler" in note
    assert "\n" not in note
    assert [step.loss for step in steps] == [step.loss for step in plain]
    assert_same_bits(qwen3.learner.model.parameters(), weights)


@pytest.mark.parametrize("architecture", ["Qwen3", "GPT2", "Starcoder2"])
def test_the_blocks_are_the_layers(
    engine: Engine, model_folder: Callable[[str], Path], architecture: str
) -> None:
    engine.load_model(ModelChoice(str(model_folder(architecture)), "cpu", "fp32"))
    model = engine.learner.model
    assert len(blocks_of(model)) == model.config.num_hidden_layers


def test_a_model_that_the_compiler_changes_or_fails_on_runs_as_it_is(
    model_folder: Callable[[str], Path],
) -> None:
    model = AutoModelForCausalLM.from_pretrained(model_folder("Qwen3"))
    plain = torch.tensor([[5.0, 6.0, 0.0]])
    assert not isinstance(compile_blocks(model, lambda: plain + 1e-4, plain, torch.float32), str)
    said = compile_blocks(model, lambda: plain + 1, plain, torch.float32)
    assert said == PLAIN.format(OTHER_NUMBERS)

    def raises() -> Tensor:
        raise RuntimeError("view size is not compatible.\nAnd more.")

    said = compile_blocks(model, raises, plain, torch.float32)
    assert said == PLAIN.format("view size is not compatible")
    assert all("forward" not in vars(block) for block in blocks_of(model))
