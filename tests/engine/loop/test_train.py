"""The loop: exactly the notebook's, paused and stopped anywhere, whole where it fails."""

import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from tests.engine.notebook import assert_same_bits, weights_of
from tests.failing import failing_at
from tests.known import each, end, present, step_reports, the
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.engine import Engine
from tui_trainer.errors import InputError
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

ITEMS = 20


def test_a_step_says_what_was_trained_on(qwen3: Engine) -> None:
    tokens = qwen3.learner.vocabulary
    steps = step_reports(qwen3.train(TrainSettings(items=3, lr=1e-3, optimizer="SGD")))
    for number, step in enumerate(steps, start=1):
        item = step.item
        assert (step.step, step.steps, step.items, item.problem) == (number, 3, 3, number - 1)
        assert step.tokens == step.positions == len(item.token_texts) == len(item.token_losses)
        assert "".join(item.token_texts).startswith(item.text[:20])
        first, *losses = item.token_losses
        assert first is None
        mean = math.fsum(each(float, losses)) / (step.tokens - 1)
        assert (step.loss, item.loss) == pytest.approx((mean, mean))
        assert step.lr == step.peak_lr == 1e-3
        assert item.truncated == bool(step.truncated) == (len(tokens.ids(item.text)) > 128)
        assert step.memory_bytes > 0
    assert number == 3
    assert present(qwen3.status()).updates == 3


def test_an_item_longer_than_the_context_is_cut_and_says_so(qwen3: Engine, tmp_path: Path) -> None:
    problems = tmp_path / "long.jsonl"
    problems.write_text(json.dumps({"question": "hello " * 200, "answer": "1"}))
    step = the(StepReport, next(qwen3.train(TrainSettings(problems=str(problems)))))
    assert (step.tokens, step.item.truncated, step.truncated) == (128, True, 1)


def test_the_loop_has_an_optimizer_of_its_own(qwen3: Engine) -> None:
    qwen3.set_lr(0.5)
    qwen3.update(NOTEBOOK_TEXT)
    state = qwen3.learner.setup.optimizer.state
    kept = [entry["exp_avg"].clone() for entry in state.values()]
    list(qwen3.train(TrainSettings(items=2)))
    assert_same_bits(kept, [entry["exp_avg"] for entry in state.values()])
    assert present(qwen3.status()).lr == 0.5


def test_nothing_happens_before_the_first_step_and_between_two(qwen3: Engine) -> None:
    loaded = weights_of(qwen3.learner.model)
    steps = qwen3.train(TrainSettings(items=2))
    assert_same_bits(qwen3.learner.model.parameters(), loaded)
    next(steps)
    between = qwen3.predict(NOTEBOOK_TEXT)
    assert between == qwen3.predict(NOTEBOOK_TEXT)
    assert not qwen3.learner.model.training
    next(steps)
    assert qwen3.predict(NOTEBOOK_TEXT) != between


def test_looking_at_the_model_between_steps_changes_no_loss(
    engine: Engine, model_folder: Callable[[str], Path]
) -> None:
    """GPT-2 has dropout: a prediction between two steps must draw nothing from its generator."""
    losses = []
    for looking in (False, True):
        engine.load_model(ModelChoice(str(model_folder("GPT2")), "cpu", "fp32"))
        run = []
        for step in step_reports(engine.train(TrainSettings(items=4, seed=3))):
            run.append(step.loss)
            if looking:
                engine.predict(NOTEBOOK_TEXT)
        losses.append(run)
    assert losses[0] == losses[1]


def test_a_closed_loop_leaves_the_model_as_it_is(qwen3: Engine) -> None:
    steps = qwen3.train(TrainSettings(items=5))
    next(steps)
    weights = weights_of(qwen3.learner.model)
    end(steps)
    assert_same_bits(qwen3.learner.model.parameters(), weights)
    assert present(qwen3.status()).updates == 1
    assert qwen3.update(NOTEBOOK_TEXT).update == 2


@pytest.mark.parametrize("good_steps", [0, 2])
@pytest.mark.parametrize("failing", ["loss", "backward"])
def test_a_step_that_runs_out_of_memory_is_as_if_it_had_not_begun(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch, good_steps: int, failing: str
) -> None:
    learner = qwen3.learner
    steps = qwen3.train(TrainSettings(items=5))
    list(itertools.islice(steps, good_steps))
    before = weights_of(learner.model)

    def fail(*args: object, **keywords: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    with monkeypatch.context() as patched:
        if failing == "loss":
            patched.setattr(F, "nll_loss", fail)
        else:
            patched.setattr(torch.Tensor, "backward", fail)
        with pytest.raises(torch.OutOfMemoryError):
            next(steps)
    assert_same_bits(learner.model.parameters(), before)
    assert all(parameter.grad is None for parameter in learner.model.parameters())
    assert not learner.model.training
    assert present(qwen3.status()).updates == good_steps


def fail_in_the_optimizer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The third tensor that AdamW changes runs out of memory; two are changed by then."""
    no_memory = torch.OutOfMemoryError("CUDA out of memory.")
    third = failing_at(3, torch.Tensor.addcdiv_, no_memory)
    monkeypatch.setattr(torch.Tensor, "addcdiv_", third)


def test_an_optimizer_that_fails_in_the_first_step_leaves_the_weights(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = weights_of(qwen3.learner.model)
    fail_in_the_optimizer(monkeypatch)
    with pytest.raises(torch.OutOfMemoryError):
        next(qwen3.train(TrainSettings(items=5)))
    assert_same_bits(qwen3.learner.model.parameters(), before)


def test_an_optimizer_that_fails_later_says_that_the_update_is_half_made(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = qwen3.learner
    loaded = weights_of(learner.model)
    steps = qwen3.train(TrainSettings(items=5))
    next(steps)
    fail_in_the_optimizer(monkeypatch)
    with pytest.raises(InputError, match="between two updates: press R to reload the model"):
        next(steps)
    assert all(parameter.grad is None for parameter in learner.model.parameters())
    qwen3.reload()
    assert_same_bits(learner.model.parameters(), loaded)


def test_a_data_file_that_is_not_there_fails_before_the_first_step(qwen3: Engine) -> None:
    with pytest.raises(InputError, match=r"There is no file nowhere.jsonl: check the path"):
        qwen3.train(TrainSettings(problems="nowhere.jsonl"))
