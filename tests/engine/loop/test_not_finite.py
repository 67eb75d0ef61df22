"""A loss or a gradient that is not finite: nothing is made of it, and the loop stands there."""

import math
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from tests.engine.notebook import assert_same_bits, weights_of
from tests.known import each, end, present, step_reports, the
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.data.batching import MicroBatch
from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.finite import NotNumbersError
from tui_trainer.engine.loop.item_losses import BestAndWorst
from tui_trainer.engine.loop.loss_pass import LossPass
from tui_trainer.errors import InputError
from tui_trainer.reports.actions import LoopSteps
from tui_trainer.reports.loop import HaltReport, LoopReport
from tui_trainer.reports.runs import CheckpointReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.home import run_folders
from tui_trainer.runs.listing import open_run
from tui_trainer.runs.metrics import read_steps
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.sampling import Sampling
from tui_trainer.settings.train import TrainSettings

Spoil = Callable[..., None]
ITEMS = 5


@pytest.fixture
def spoil(monkeypatch: pytest.MonkeyPatch) -> Spoil:
    """Have the forward passes of some items give NaN, or finite losses with NaN gradients."""

    def make(*problems: int, gradient_alone: bool = False) -> None:
        call = LossPass.__call__

        def spoiled(loss_pass: LossPass, batch: MicroBatch, counted: int) -> tuple[Tensor, Tensor]:
            loss, losses = call(loss_pass, batch, counted)
            for place in batch.places:
                if place.example.problem in problems:
                    if gradient_alone:
                        return loss + not_a_gradient(loss), losses
                    losses = losses.clone()
                    losses[place.row, place.start] = math.nan
                    loss = loss * math.nan
            return loss, losses

        monkeypatch.setattr(LossPass, "__call__", spoiled)

    return make


def not_a_gradient(loss: Tensor) -> Tensor:
    """Nothing, with a gradient that is NaN, as the square root of 0 times 0 has."""
    return (loss - loss.detach()).abs().sqrt() * 0


def first_halt(steps: Iterator[LoopReport]) -> HaltReport:
    return next(report for report in steps if isinstance(report, HaltReport))


def state_of(engine: Engine) -> list[Tensor]:
    """Copies of the loop's optimizer state."""
    assert engine.at_hand.training.state is not None
    states = engine.at_hand.training.state.optimizer.state.values()
    return [t.clone() for state in states for t in state.values() if isinstance(t, Tensor)]


@pytest.mark.parametrize("gradient_alone", [False, True])
def test_such_a_step_changes_neither_weights_nor_optimizer_and_names_its_item(
    qwen3: Engine, spoil: Spoil, gradient_alone: bool
) -> None:
    spoil(3, gradient_alone=gradient_alone)
    steps = qwen3.train(TrainSettings(items=ITEMS, lr=1e-3))
    made = [next(steps) for _ in range(3)]
    weights, state = weights_of(qwen3.learner.model), state_of(qwen3)
    halt = next(steps)
    assert isinstance(halt, HaltReport)
    assert (len(made), halt.step) == (3, 4)
    what = "a gradient is not finite" if gradient_alone else "the loss is nan"
    assert f"Step 4 is not applied: {what}, at item 3." in halt.why
    assert_same_bits(qwen3.learner.model.parameters(), weights)
    assert_same_bits(state_of(qwen3), state)
    assert all(p.grad is None for p in qwen3.learner.model.parameters())
    assert present(qwen3.status()).updates == 3


def test_going_on_leaves_the_step_out_as_if_its_items_were_not_there(
    engine: Engine, model_folder: Callable[[str], Path], spoil: Spoil
) -> None:
    folder = str(model_folder("GPT2"))  # with dropout, which draws random numbers
    settings = TrainSettings(items=ITEMS, lr=1e-3, skip_not_finite=True)
    spoil(2)
    losses = []
    for skips in (False, True):
        engine.load_model(ModelChoice(folder, "cpu", "fp32"))
        steps = engine.train(TrainSettings(items=ITEMS, lr=1e-3) if not skips else settings)
        reports = list(steps)
        assert sum(isinstance(report, HaltReport) for report in reports) == (not skips)
        made = [report for report in reports if isinstance(report, StepReport)]
        assert [report.step for report in made] == [1, 2, 3, 4, 5]
        assert [report.applied for report in made] == [True, True, False, True, True]
        losses.append([report.loss for report in made if report.applied])
        assert present(engine.status()).updates == 4
    assert losses[0] == losses[1]
    assert all(map(math.isfinite, losses[0]))
    numbers = [(done.first, done.last) for done in each(LoopSteps, engine.actions())]
    assert numbers == [(1, 2), (4, 5)]  # so that an export leaves it out too


def test_a_checkpoint_where_the_loop_stands_goes_on_to_the_same_losses(
    qwen3: Engine, spoil: Spoil
) -> None:
    spoil(2)
    steps = qwen3.train(TrainSettings(items=ITEMS, lr=1e-3), record=True)
    assert first_halt(steps).step == 3
    saved = the(CheckpointReport, qwen3.save())
    assert saved.step == 2
    rest = [report for report in steps if isinstance(report, StepReport)]
    folder = run_folders()[0]
    lines = [(line.step, line.loss) for line, _ in read_steps(folder / "metrics.jsonl")]
    assert [step for step, _ in lines] == [1, 2, 3, 4, 5]
    assert lines[2][1] is None

    checkpoint = str(folder / "checkpoints" / saved.name)
    qwen3.load_model(ModelChoice(checkpoint, "cpu", "fp32"))
    again = list(qwen3.resume(checkpoint, TrainSettings(items=ITEMS, lr=1e-3)))
    assert isinstance(again[0], HaltReport)
    assert [r.loss for r in step_reports(again[2:])] == [r.loss for r in rest[1:]]


def test_a_run_that_ends_where_it_stood_says_why(qwen3: Engine, spoil: Spoil) -> None:
    spoil(1)
    steps = qwen3.train(TrainSettings(items=ITEMS), record=True)
    halt = first_halt(steps)
    end(steps)
    description = open_run(run_folders()[0]).description
    assert (description.state, description.failure) == ("failed", halt.why)


def test_a_lower_learning_rate_counts_from_where_the_loop_stood(
    qwen3: Engine, spoil: Spoil
) -> None:
    spoil(2)
    steps = qwen3.train(TrainSettings(items=ITEMS, lr=1e-3))
    first_halt(steps)
    qwen3.set_training_lr(1e-5)
    assert [report.lr for report in steps if isinstance(report, StepReport)] == [1e-5] * 3


def test_sgd_at_lr_10_stands_before_the_weights_are_spoiled(engine: Engine) -> None:
    engine.load_model(ModelChoice("builtin", "cpu", "fp32"))
    halt = first_halt(engine.train(TrainSettings(items=40, optimizer="SGD", lr=10.0)))
    assert present(engine.status()).updates == halt.step - 1
    engine.learner.weights.check_finite()


def test_items_of_a_batch_are_told_apart(qwen3: Engine, spoil: Spoil) -> None:
    spoil(1, 2)
    steps = qwen3.train(TrainSettings(items=4, batch=4))
    assert "at items 1, 2." in first_halt(steps).why
    report = next(steps)
    assert isinstance(report, StepReport)
    assert {present(report.best).problem, present(report.worst).problem} == {0, 3}


def test_the_best_and_the_worst_are_finite_whatever_comes(qwen3: Engine) -> None:
    vocabulary, example = qwen3.learner.vocabulary, one_example(qwen3)
    best_and_worst = BestAndWorst()
    width = len(example.ids) - 1
    assert best_and_worst.update([(example, [math.nan] * width)], vocabulary) == (None, None)
    best, worst = best_and_worst.update(
        [(example, [loss] * width) for loss in (math.nan, 2.0, math.inf, 1.0)], vocabulary
    )
    assert best is not None
    assert worst is not None
    assert (best.loss, worst.loss) == (1.0, 2.0)
    best_and_worst.update([(example, [math.inf] * width)], vocabulary)
    assert (best_and_worst.best, best_and_worst.worst) == (best, worst)


def one_example(engine: Engine) -> Example:
    examples = engine.at_hand.training.load_items(TrainSettings(items=1)).examples
    return examples[0]


def test_the_norm_that_is_looked_at_changes_no_bit(qwen3: Engine) -> None:
    """torch's own norm of the gradients, beside the notebook's loop, which looks at none."""
    settings = TrainSettings(items=3, lr=1e-3)
    losses = [report.loss for report in step_reports(qwen3.train(settings))]
    qwen3.reload()
    examples = qwen3.at_hand.training.load_items(settings).examples
    model = qwen3.learner.model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    torch.manual_seed(0)
    by_hand = []
    for example in examples:
        ids = torch.tensor([example.ids])
        loss = nn.functional.cross_entropy(model(ids).logits[0, :-1].float(), ids[0, 1:])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        by_hand.append(loss.item())
    assert losses == by_hand


# Elsewhere


def spoiled_copy(folder: Path, target: Path) -> ModelChoice:
    """A model whose last norm has a value that is no number."""
    shutil.copytree(folder, target)
    weights = load_file(target / "model.safetensors")
    weights["model.norm.weight"][0] = math.nan
    save_file(weights, target / "model.safetensors", metadata={"format": "pt"})
    return ModelChoice(str(target), "cpu", "fp32")


def test_a_model_whose_weights_are_not_finite_says_so_and_predicts_nothing(
    engine: Engine, model_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    choice = spoiled_copy(model_folder("Qwen3"), tmp_path / "nan")
    (note,) = engine.load_model(choice).model.notes
    assert "are not all numbers (model.norm.weight" in note
    for refused in (
        lambda: engine.predict(NOTEBOOK_TEXT),
        lambda: engine.inspect(NOTEBOOK_TEXT, (), 0, Sampling()),
        lambda: list(engine.generate(NOTEBOOK_TEXT, (), Sampling(), 2)),
        lambda: list(engine.evaluate(EvaluationSettings(items=2))),
    ):
        with pytest.raises(InputError, match="The logits are not numbers"):
            refused()
    with pytest.raises(InputError, match="No update is made: the loss is nan"):
        engine.update(NOTEBOOK_TEXT)
    assert present(engine.status()).updates == 0


def test_the_step_phase_makes_nothing_of_gradients_that_are_not_finite(qwen3: Engine) -> None:
    for phase in ("forward", "loss", "backward"):
        qwen3.phase(phase, NOTEBOOK_TEXT)
    weights = weights_of(qwen3.learner.model)
    parameter = next(qwen3.learner.model.parameters())
    assert parameter.grad is not None
    parameter.grad[0, 0] = math.nan
    with pytest.raises(InputError, match="The gradients are not finite"):
        qwen3.phase("optimizer.step", NOTEBOOK_TEXT)
    assert_same_bits(qwen3.learner.model.parameters(), weights)


def test_an_update_that_diverges_is_shown_and_the_next_is_refused(qwen3: Engine) -> None:
    qwen3.set_optimizer("SGD")
    qwen3.set_lr(10.0)
    with pytest.raises(InputError, match="No update is made"):
        for _ in range(200):
            qwen3.update(NOTEBOOK_TEXT)
    assert not list(qwen3.learner.weights.not_finite())
    qwen3.undo()


@pytest.mark.parametrize("skips", [False, True])
def test_samples_without_an_answer_halt_the_loop_and_do_not_end_it(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch, skips: bool
) -> None:
    def diverged(logits: Tensor) -> None:
        raise NotNumbersError

    monkeypatch.setattr("tui_trainer.engine.generation.batch_generation.check_numbers", diverged)
    settings = TrainSettings(items=2, sample_every=1, skip_not_finite=skips)
    reports = list(qwen3.train(settings))
    halts = [report for report in reports if isinstance(report, HaltReport)]
    assert [halt.step for halt in halts] == ([] if skips else [0, 1, 2])
    assert sum(isinstance(report, StepReport) for report in reports) == 2
