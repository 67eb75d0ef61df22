"""The training cell phase by phase: what each makes, and what the notebook warns of."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.engine.notebook import assert_same_bits, weights_of
from tests.known import present, the
from tests.models import ARCHITECTURES, NOTEBOOK_TEXT
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.models.layers import layers_of
from tui_trainer.errors import InputError
from tui_trainer.reports.phases import BACKWARD, FORWARD, LOSS, PHASES, STEP, ZERO_GRAD, PhaseReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings


def run(engine: Engine, *phases: str) -> PhaseReport:
    """Run phases one after another; the report of the last."""
    return [engine.phase(phase, NOTEBOOK_TEXT) for phase in phases][-1]


def test_five_phases_are_the_training_cell(
    qwen3: Engine, engine: Engine, model_folder: Callable[[str], Path]
) -> None:
    folder = model_folder("Qwen3")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    ids = AutoTokenizer.from_pretrained(folder)(NOTEBOOK_TEXT, return_tensors="pt").input_ids
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    model.train()
    for update in (1, 2):
        before = weights_of(model)
        logits = model(ids).logits
        report = qwen3.phase(None, NOTEBOOK_TEXT)
        assert (report.phase, report.next) == (FORWARD, LOSS)
        assert report.logits_shape == tuple(logits.shape)
        assert (report.loss, report.grad_norm, report.gradients) == (None, None, ())
        assert report.graph > 50

        loss = F.cross_entropy(logits[0, :-1], ids[0, 1:])
        report = qwen3.phase(None, NOTEBOOK_TEXT)
        assert (report.phase, report.next) == (LOSS, BACKWARD)
        assert report.loss == pytest.approx(loss.item(), rel=1e-6)

        loss.backward()
        report = qwen3.phase(None, NOTEBOOK_TEXT)
        assert (report.phase, report.next, report.graph) == (BACKWARD, STEP, 0)
        gradients = {name: present(p.grad) for name, p in model.named_parameters()}
        whole = torch.cat([g.flatten() for g in gradients.values()]).norm().item()
        assert report.grad_norm == pytest.approx(whole, rel=1e-5)
        norms = {layer.name: layer.norm for layer in report.gradients}
        assert list(norms) == ["embed_tokens", "layers.0", "layers.1", "norm", "lm_head"]
        of_block = torch.cat([g.flatten() for n, g in gradients.items() if ".layers.1." in n])
        assert norms["layers.1"] == pytest.approx(of_block.norm().item(), rel=1e-5)
        assert math.hypot(*norms.values()) == pytest.approx(whole, rel=1e-5)
        assert_same_bits(qwen3.learner.model.parameters(), before)

        optimizer.step()
        report = qwen3.phase(None, NOTEBOOK_TEXT)
        assert (report.phase, report.next, report.update) == (STEP, ZERO_GRAD, update)
        moved = zip(before, model.parameters(), strict=True)
        assert report.moved == sum(int((old != new).sum()) for old, new in moved)
        for moment in report.moments:
            kept = [state[moment.name].flatten() for state in optimizer.state.values()]
            assert moment.norm == pytest.approx(torch.cat(kept).norm().item(), rel=1e-5)
        assert [moment.name for moment in report.moments] == ["exp_avg", "exp_avg_sq"]

        optimizer.zero_grad()
        report = qwen3.phase(None, NOTEBOOK_TEXT)
        assert (report.phase, report.next, report.grad_norm) == (ZERO_GRAD, FORWARD, None)
        assert_same_bits(qwen3.learner.model.parameters(), model.parameters())


def test_backward_again_without_step_gives_the_same_loss_and_adds_the_gradients(
    qwen3: Engine,
) -> None:
    first = run(qwen3, FORWARD, LOSS, BACKWARD)
    before = weights_of(qwen3.learner.model)
    loss = run(qwen3, FORWARD, LOSS)
    assert loss.loss == first.loss
    assert "the same as before" in loss.words
    second = run(qwen3, BACKWARD)
    assert second.grad_norm == pytest.approx(2 * present(first.grad_norm), rel=1e-5)
    assert f"{first.grad_norm:.4g} → {second.grad_norm:.4g}" in second.words
    assert_same_bits(qwen3.learner.model.parameters(), before)
    cleared = run(qwen3, ZERO_GRAD)
    assert (cleared.grad_norm, cleared.gradients) == (None, ())
    assert run(qwen3, FORWARD, LOSS, BACKWARD).grad_norm == first.grad_norm


@pytest.mark.parametrize("optimizer", ["AdamW", "SGD"])
def test_a_step_without_backward_changes_nothing_and_says_so(qwen3: Engine, optimizer: str) -> None:
    qwen3.set_optimizer(optimizer)
    before = weights_of(qwen3.learner.model)
    report = run(qwen3, STEP)
    assert (report.moved, report.update, report.moments) == (0, 0, ())
    assert f"{optimizer} skips them all and nothing changes" in report.words
    assert_same_bits(qwen3.learner.model.parameters(), before)


def test_a_second_step_with_the_same_gradients_moves_the_weights_again(qwen3: Engine) -> None:
    run(qwen3, FORWARD, LOSS, BACKWARD, STEP)
    report = run(qwen3, STEP)
    assert report.update == 2
    assert present(report.moved) > 0
    assert "same gradients once more" in report.words


def test_the_next_update_takes_in_gradients_that_were_left(qwen3: Engine) -> None:
    alone = present(run(qwen3, FORWARD, LOSS, BACKWARD).grad_norm)
    report = qwen3.update(NOTEBOOK_TEXT)
    assert report.grad_norm == pytest.approx(2 * alone, rel=1e-5)
    assert qwen3.phase_report().grad_norm is None


@pytest.mark.parametrize(
    ("before", "phase", "said"),
    [
        ((), LOSS, "no logits"),
        ((), BACKWARD, "no loss"),
        ((FORWARD,), BACKWARD, "no loss"),
        ((FORWARD, LOSS, BACKWARD), BACKWARD, "gone through this graph"),
        ((FORWARD, LOSS, BACKWARD), LOSS, "freed the graph"),
        ((FORWARD, LOSS, BACKWARD, FORWARD, LOSS, STEP), BACKWARD, "weights have changed"),
        ((), "sleep", "is not known"),
    ],
)
def test_out_of_order_is_a_sentence_and_changes_nothing(
    qwen3: Engine, before: tuple[str, ...], phase: str, said: str
) -> None:
    if before:
        run(qwen3, *before)
    report, weights = qwen3.phase_report(), weights_of(qwen3.learner.model)
    with pytest.raises(InputError, match=said):
        run(qwen3, phase)
    assert qwen3.phase_report() == report
    assert_same_bits(qwen3.learner.model.parameters(), weights)


def test_zero_grad_without_gradients_says_so(qwen3: Engine) -> None:
    assert "no gradients to clear" in run(qwen3, ZERO_GRAD).words


def test_dropout_gives_another_loss_on_the_same_weights_and_says_so(
    engine: Engine, model_folder: Callable[[str], Path]
) -> None:
    engine.load_model(ModelChoice(str(model_folder("GPT2")), "cpu", "fp32"))
    first = run(engine, FORWARD, LOSS).loss
    second = run(engine, FORWARD, LOSS)
    assert second.loss != first
    assert "dropout drew other units" in second.words
    engine.set_training(False)
    quiet = run(engine, FORWARD, LOSS).loss
    assert run(engine, FORWARD, LOSS).loss == quiet
    assert quiet == pytest.approx(engine.predict(NOTEBOOK_TEXT).loss, rel=1e-6)


def test_what_changes_the_weights_elsewhere_ends_the_phases(qwen3: Engine) -> None:
    run(qwen3, FORWARD, LOSS)
    qwen3.update(NOTEBOOK_TEXT)
    report = qwen3.phase_report()
    assert (report.phase, report.next, report.loss, report.graph) == (None, FORWARD, None, 0)
    run(qwen3, FORWARD, LOSS, BACKWARD)
    qwen3.reload()
    assert qwen3.phase_report().grad_norm is None


def test_a_loop_begins_without_the_gradients_of_the_phases(qwen3: Engine) -> None:
    clean = the(StepReport, next(qwen3.train(TrainSettings(items=1)))).loss
    weights = weights_of(qwen3.learner.model)
    qwen3.reload()
    run(qwen3, FORWARD, LOSS, BACKWARD)
    assert the(StepReport, next(qwen3.train(TrainSettings(items=1)))).loss == clean
    assert_same_bits(qwen3.learner.model.parameters(), weights)


@pytest.mark.parametrize("phase", PHASES[:4])
def test_out_of_memory_in_a_phase_leaves_the_weights_and_begins_again(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch, phase: str
) -> None:
    def fail(*args: object, **keywords: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    places = {
        FORWARD: (torch.nn.Embedding, "forward"),
        LOSS: (F, "cross_entropy"),
        BACKWARD: (torch.Tensor, "backward"),
        STEP: (torch.Tensor, "addcdiv_"),
    }
    before = weights_of(qwen3.learner.model)
    for earlier in PHASES[: PHASES.index(phase)]:
        run(qwen3, earlier)
    with monkeypatch.context() as patched:
        patched.setattr(*places[phase], fail)
        with pytest.raises(torch.OutOfMemoryError):
            run(qwen3, phase)
    assert_same_bits(qwen3.learner.model.parameters(), before)
    report = qwen3.phase_report()
    assert (report.phase, report.next, report.logits_shape) == (None, FORWARD, None)
    assert present(qwen3.status()).updates == 0
    assert run(qwen3, *PHASES).update == 1


@pytest.mark.parametrize("precision", ["mixed", "bf16"])
def test_phases_equal_the_whole_cell_in_every_precision(
    engine: Engine, model_folder: Callable[[str], Path], precision: str
) -> None:
    engine.load_model(ModelChoice(str(model_folder("Qwen3")), "cpu", precision))
    whole = engine.update(NOTEBOOK_TEXT)
    weights = weights_of(engine.learner.model)
    engine.reload()
    assert run(engine, FORWARD, LOSS).loss == whole.loss
    assert run(engine, BACKWARD).grad_norm == whole.grad_norm
    assert run(engine, STEP).moved == whole.moved
    run(engine, ZERO_GRAD)
    assert_same_bits(engine.learner.model.parameters(), weights)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_parameter_is_in_one_layer(
    engine: Engine, model_folder: Callable[[str], Path], architecture: str
) -> None:
    engine.load_model(ModelChoice(str(model_folder(architecture)), "cpu", "fp32"))
    model = engine.learner.model
    layers = layers_of(engine.learner.weights)
    inside = [id(parameter) for layer in layers for parameter in layer.parameters]
    assert sorted(inside) == sorted(id(parameter) for parameter in model.parameters())
    names = [layer.name for layer in layers]
    assert [name for name in names if name[-1].isdigit()] in (
        ["layers.0", "layers.1"],
        ["h.0", "h.1"],
    )
