"""`tuned` is `tutorial` with other settings: each gives the same numbers with less work."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

import pytest
import torch
from transformers import AutoModelForCausalLM, Gemma2Config, PreTrainedTokenizerFast

from tests.engine.notebook import assert_same_bits, weights_of
from tests.known import step_reports
from tests.models import byte_fallback_tokenizer
from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.data.plan import plan_steps
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.loop.loss_pass import NO_CHUNKS
from tui_trainer.engine.loop.row_attention import NO_ITEMS
from tui_trainer.engine.ways.item_attention import NAME
from tui_trainer.errors import InputError
from tui_trainer.reports.loop import SampleReport, ValidationReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import (
    PRESETS,
    TUNED,
    TUNED_CUDA,
    TUTORIAL,
    differing,
    nearest_preset,
    preset,
)
from tui_trainer.settings.train import TrainSettings


def run(engine: Engine, folder: Path, settings: TrainSettings) -> list[StepReport]:
    engine.load_model(ModelChoice(str(folder), "cpu", "fp32"))
    return [step for step in engine.train(settings) if isinstance(step, StepReport)]


def test_a_preset_is_found_by_its_name() -> None:
    names = "tutorial", "tuned", "tuned-cuda"
    assert [preset(name) for name in names] == [TUTORIAL, TUNED, TUNED_CUDA]
    with pytest.raises(InputError, match="'fast' is not known: use tutorial or tuned or tuned-c"):
        preset("fast")


def test_the_nearest_preset_has_the_fewest_settings_that_differ() -> None:
    assert nearest_preset(TrainSettings(items=3, lr=1e-3)) == "tutorial"
    assert nearest_preset(replace(TUNED, items=3, lr=1e-3)) == "tuned"
    assert {nearest_preset(PRESETS[name]) for name in PRESETS} == set(PRESETS)


def test_an_update_of_tuned_cuda_is_8192_tokens_and_its_lr_follows_from_tuned() -> None:
    examples = [Example(n, "", (1,) * (100 + 97 * n % 200), 1, 0, False) for n in range(500)]
    plan = plan_steps(examples, TUNED_CUDA)
    assert all(len(rows) == 1 for step in plan for rows in step)
    tokens = [sum(len(item.ids) for (row,) in step for item in row) for step in plan]
    assert 7900 < median(tokens) <= max(tokens) <= 8192
    assert TUNED_CUDA.lr == pytest.approx(TUNED.lr * (8192 / TUNED.pack) ** 0.5)
    assert TUNED_CUDA.warmup == TUNED.warmup < len(plan)


def test_with_all_settings_of_tuned_set_back_the_losses_are_those_of_tutorial(
    engine: Engine, model_folder: Callable[[str], Path]
) -> None:
    names = {field.name: getattr(TUTORIAL, field.name) for field in differing(TUNED, TUTORIAL)}
    folder = model_folder("Qwen3")
    tutorial = run(engine, folder, replace(TUTORIAL, items=6))
    weights = weights_of(engine.learner.model)
    back = run(engine, folder, replace(TUNED, items=6, **names))
    assert [step.loss for step in back] == [step.loss for step in tutorial]
    assert_same_bits(engine.learner.model.parameters(), weights)


@pytest.mark.parametrize("architecture", ["Qwen3", "GPT2", "Llama"])
@pytest.mark.parametrize(
    "how",
    [
        TrainSettings(),
        TrainSettings(batch=2),
        TrainSettings(pack=256),
        TrainSettings(pack=128, batch=2),
    ],
)
def test_what_is_faster_gives_the_same_losses_and_weights(
    engine: Engine,
    model_folder: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    architecture: str,
    how: TrainSettings,
) -> None:
    """GPT-2 trains without its dropout here, which the two would draw in another order."""
    monkeypatch.setattr("torch.nn.Dropout.forward", lambda self, x: x)
    folder = model_folder(architecture)
    settings = replace(how, items=8, lr=1e-3, weight_decay=0.1)
    train = torch.nn.Module.train
    if architecture == "GPT2":
        monkeypatch.setattr("torch.nn.Module.train", lambda self, mode=True: train(self, False))
    plain = run(engine, folder, settings)
    weights = weights_of(engine.learner.model)
    faster = run(
        engine, folder, replace(settings, chunked_loss=True, item_attention=True, fused=True)
    )
    assert [s.loss for s in faster] == pytest.approx([s.loss for s in plain], rel=1e-4)
    for one, other in zip(faster, plain, strict=True):
        assert one.item.token_losses[1:] == pytest.approx(other.item.token_losses[1:], abs=1e-3)
    for now, then in zip(engine.learner.model.parameters(), weights, strict=True):
        assert torch.allclose(now, then, atol=2e-4)


def test_a_run_of_tuned_learns_every_item_and_leaves_the_model_as_others_use_it(
    qwen3: Engine,
) -> None:
    settings = replace(TUNED, items=30, epochs=4, pack=256, lr=3e-3)
    steps = [step for step in qwen3.train(settings) if isinstance(step, StepReport)]
    # Each item's text, cut to the model's context, and the separators
    assert sum(step.positions for step in steps) <= 1.15 * sum(step.tokens for step in steps)
    assert steps[-1].loss < steps[0].loss - 0.5
    assert [round(step.lr / 3e-3, 3) for step in steps[:4]] == [0.333, 0.667, 1.0, 1.0]
    assert qwen3.learner.model.config._attn_implementation != NAME
    assert steps[0].notes == ()


def test_a_model_that_bends_its_logits_is_trained_the_plain_way_and_says_so(
    engine: Engine, tmp_path: Path
) -> None:
    tokenizer: PreTrainedTokenizerFast = byte_fallback_tokenizer()
    config = Gemma2Config(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        final_logit_softcapping=0.5,
    )
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    settings = TrainSettings(items=4, pack=512, end_of_text=True)
    plain = run(engine, tmp_path, settings)
    steps = run(engine, tmp_path, replace(settings, chunked_loss=True, item_attention=True))
    assert set(steps[0].notes) == {NO_CHUNKS, NO_ITEMS}
    assert [step.loss for step in steps] == [step.loss for step in plain]
    assert all(step.notes == () for step in steps[1:])


def test_measuring_changes_nothing_in_a_run_of_tuned_and_is_that_of_tutorial_before_it(
    qwen3: Engine,
) -> None:
    tuned = replace(TUNED, items=30, pack=128, lr=1e-3)
    plain = [report.loss for report in step_reports(qwen3.train(tuned))]
    weights = weights_of(qwen3.learner.model)
    qwen3.reload()
    measured = replace(tuned, validation_items=4, validate_every=3, sample_every=6)
    reports = list(qwen3.train(measured))
    assert [report.loss for report in reports if isinstance(report, StepReport)] == plain
    assert_same_bits(qwen3.learner.model.parameters(), weights)
    assert {SampleReport, ValidationReport} < set(map(type, reports))
    validations = [report for report in reports if isinstance(report, ValidationReport)]
    assert validations[-1].loss < validations[0].loss
    qwen3.reload()
    tutorial = TrainSettings(items=30, validation_items=4, validate_every=3, sample_every=6)
    first = next(report for report in qwen3.train(tutorial) if isinstance(report, ValidationReport))
    # The same items, but for how each ends: tuned learns the end of text too.
    assert first.items == validations[0].items
    assert first.question_loss == pytest.approx(validations[0].question_loss, rel=1e-6)
