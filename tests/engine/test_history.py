"""Undo and redo: the same bits of weights, optimizer and random numbers, within a budget."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
import torch

from tests.engine.bits import Bits
from tests.engine.notebook import assert_same_bits, weights_of
from tests.known import each, present, the
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.engine import Engine
from tui_trainer.errors import InputError
from tui_trainer.reports.actions import NO_HISTORY, Action, Loop, LoopSteps, LrChange
from tui_trainer.reports.phases import PHASES
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings


@pytest.mark.parametrize(
    ("model", "precision"),
    [
        ("builtin", "fp32"),
        *product(("Qwen3", "GPT2"), ("fp32", "mixed", "bf16")),
    ],
)
def test_undo_and_redo_give_the_same_bits(
    engine: Engine, model_folder: Callable[[str], Path], model: str, precision: str
) -> None:
    source = model if model == "builtin" else str(model_folder(model))
    engine.load_model(ModelChoice(source, "cpu", precision))
    states, losses = [Bits(engine)], []
    for lr in (1e-5, 1e-3, 1e-2, 1e-5):
        engine.set_lr(lr)
        losses.append(engine.update(NOTEBOOK_TEXT).loss)
        states.append(Bits(engine))
    for back in (3, 2, 1, 0):
        engine.undo()
        now = Bits(engine)
        now.plain = states[back].plain
        now.assert_equal(states[back])
        assert present(engine.status()).updates == back
    for forth in (1, 2, 3, 4):
        engine.redo()
        Bits(engine).assert_equal(states[forth])
    for _ in range(3):
        engine.undo()
    # The same update made anew, dropout and all
    engine.set_lr(1e-3)
    assert engine.update(NOTEBOOK_TEXT).loss == losses[1]
    Bits(engine).assert_equal(states[2])


def test_another_optimizer_is_undone_too(qwen3: Engine) -> None:
    qwen3.set_lr(1e-2)
    qwen3.update(NOTEBOOK_TEXT)
    adam = Bits(qwen3)
    qwen3.set_optimizer("SGD")
    qwen3.update(NOTEBOOK_TEXT)
    sgd = Bits(qwen3)
    qwen3.undo()
    assert present(qwen3.status()).optimizer == "SGD"
    qwen3.undo()
    assert (present(qwen3.status()).optimizer, present(qwen3.status()).updates) == ("AdamW", 0)
    qwen3.redo()
    Bits(qwen3).assert_equal(adam)
    qwen3.redo()
    Bits(qwen3).assert_equal(sgd)


def test_an_update_that_was_prepared_for_is_undone_alike(qwen3: Engine) -> None:
    qwen3.set_lr(1e-2)
    for _ in range(3):
        qwen3.update(NOTEBOOK_TEXT)
        qwen3.prepare_undo()
    third = Bits(qwen3)
    qwen3.update(NOTEBOOK_TEXT)
    qwen3.undo()
    Bits(qwen3).assert_equal(third)
    qwen3.prepare_undo()
    qwen3.set_optimizer("SGD")
    qwen3.update(NOTEBOOK_TEXT)
    qwen3.undo()
    assert_same_bits(weights_of(qwen3.learner.model), third.weights)


def test_phases_are_undone_as_an_update_is(
    engine: Engine, model_folder: Callable[[str], Path]
) -> None:
    engine.load_model(ModelChoice(str(model_folder("GPT2")), "cpu", "fp32"))
    engine.update(NOTEBOOK_TEXT)
    first = Bits(engine)
    losses = []
    for _ in range(2):
        for phase in PHASES[:4]:
            report = engine.phase(phase, NOTEBOOK_TEXT)
        losses.append(report.loss)
        engine.undo()
        Bits(engine).assert_equal(first)
        assert engine.phase_report().grad_norm is None
    assert losses[0] == losses[1]


def test_an_update_ends_what_could_be_redone(qwen3: Engine) -> None:
    qwen3.update(NOTEBOOK_TEXT)
    qwen3.undo()
    qwen3.update("another text")
    with pytest.raises(InputError, match="nothing to redo"):
        qwen3.redo()
    assert present(qwen3.status()).updates == 1


def test_the_budget_says_how_far_back(qwen3: Engine) -> None:
    parameters = present(qwen3.status()).model.parameters
    one = 3 * 4 * parameters  # the weights' change and two moments, in fp32
    steps = 4 * len(list(qwen3.learner.model.parameters()))
    qwen3.set_undo_budget(2 * (one + steps))
    for _ in range(5):
        qwen3.update(NOTEBOOK_TEXT)
    report = present(qwen3.status()).history
    assert (report.undo, report.redo, report.bytes) == (2, 0, 2 * (one + steps))
    qwen3.undo()
    qwen3.undo()
    with pytest.raises(InputError, match="holds no earlier update"):
        qwen3.undo()
    qwen3.set_undo_budget(one + steps)
    assert (present(qwen3.status()).history.undo, present(qwen3.status()).history.redo) == (0, 1)
    qwen3.redo()
    assert present(qwen3.status()).updates == 4
    qwen3.set_undo_budget(0)
    assert present(qwen3.status()).history.bytes == 0
    qwen3.update(NOTEBOOK_TEXT)
    with pytest.raises(InputError, match="memory for undo is 0"):
        qwen3.undo()
    with pytest.raises(InputError, match="0 or more"):
        qwen3.set_undo_budget(-1)


def test_a_loop_and_a_reload_end_what_can_be_undone(qwen3: Engine) -> None:
    with pytest.raises(InputError, match="these are the loaded weights"):
        qwen3.undo()
    qwen3.update(NOTEBOOK_TEXT)
    list(qwen3.train(TrainSettings(items=1)))
    weights = weights_of(qwen3.learner.model)
    with pytest.raises(InputError, match="loop or another screen has changed the weights"):
        qwen3.undo()
    assert_same_bits(weights_of(qwen3.learner.model), weights)
    qwen3.update(NOTEBOOK_TEXT)
    qwen3.reload()
    with pytest.raises(InputError, match="these are the loaded weights"):
        qwen3.undo()


def test_an_update_that_failed_leaves_what_can_be_undone(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = Bits(qwen3)
    qwen3.update(NOTEBOOK_TEXT)
    with monkeypatch.context() as patched:
        patched.setattr(torch.nn.functional, "cross_entropy", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            qwen3.update(NOTEBOOK_TEXT)
    qwen3.undo()
    Bits(qwen3).assert_equal(loaded)


def test_what_was_done_is_told_in_order(qwen3: Engine) -> None:
    qwen3.set_undo_budget(0)
    qwen3.update("one two")
    qwen3.set_undo_budget(10**9)
    qwen3.set_optimizer("SGD")
    qwen3.set_lr(0.5)
    for phase in PHASES[:4]:
        qwen3.phase(phase, "three four")
    qwen3.update("five six")
    qwen3.undo()
    told = [(a.what, a.lr, a.optimizer, a.optimizer_number) for a in each(Action, qwen3.actions())]
    assert told == [
        ("update", 1e-5, "AdamW", 1),
        *((phase, 0.5, "SGD", 2) for phase in PHASES[:4]),
        ("zero_grad", 0.0, "", 0),
    ]
    assert [a.text for a in each(Action, qwen3.actions())][:2] == ["one two", "three four"]
    qwen3.redo()
    assert [a.what for a in qwen3.actions()][-1] == "update"
    qwen3.reload()
    assert qwen3.actions() == ()


def test_a_quarter_of_the_free_memory_is_the_default(
    engine: Engine, model_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_trainer.engine.history.free_memory", lambda device: 4_000_000)
    status = engine.load_model(ModelChoice(str(model_folder("Qwen3")), "cpu", "fp32"))
    assert status.history.budget == 1_000_000


def test_steps_of_a_loop_are_told_with_what_was_changed_on_the_way(qwen3: Engine) -> None:
    qwen3.phase("forward", "one two")
    settings = TrainSettings(items=6)
    steps = qwen3.train(settings)
    next(steps)
    qwen3.set_training_lr(1e-3)
    qwen3.set_training_lr(2e-3)
    next(steps)
    next(steps)
    qwen3.update("three four")
    qwen3.set_training_lr(1e-4)
    next(steps)
    forward, _, update, _ = qwen3.actions()
    first, second = (done for done in qwen3.actions() if isinstance(done, LoopSteps))
    assert qwen3.actions() == (forward, first, update, second)
    assert (forward.what, update.what) == ("forward", "update")
    assert (first.first, first.last, second.first, second.last) == (1, 3, 4, 4)
    assert first.loop == second.loop == Loop(settings, steps=6, longest=128)
    assert first.number == second.number
    assert first.lr_changes == (LrChange(2, 2e-3),)
    assert second.lr_changes == (LrChange(2, 2e-3), LrChange(4, 1e-4))
    next(qwen3.train(settings))
    assert the(LoopSteps, qwen3.actions()[-1]).number == first.number + 1
    with torch.no_grad():
        next(qwen3.learner.model.parameters()).zero_()
    assert qwen3.actions()[-1].what == "elsewhere"


def test_what_was_undone_drew_no_random_numbers(
    engine: Engine, model_folder: Callable[[str], Path]
) -> None:
    engine.load_model(ModelChoice(str(model_folder("GPT2")), "cpu", "fp32"))
    losses = [engine.update(NOTEBOOK_TEXT).loss for _ in range(2)]
    engine.reload()
    for phase in ("forward", "forward", "loss", "backward", "optimizer.step"):
        engine.phase(phase, NOTEBOOK_TEXT)
    engine.undo()
    assert engine.update(NOTEBOOK_TEXT).loss == losses[0]
    engine.phase("forward", NOTEBOOK_TEXT)
    engine.update(NOTEBOOK_TEXT)
    engine.undo()
    assert engine.update(NOTEBOOK_TEXT).loss == losses[1]


def test_an_update_that_failed_drew_no_random_numbers_and_its_lost_gradients_are_told(
    engine: Engine, model_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.load_model(ModelChoice(str(model_folder("GPT2")), "cpu", "fp32"))
    loss = engine.update(NOTEBOOK_TEXT).loss
    engine.reload()
    rng = torch.get_rng_state()
    for phase in ("forward", "loss", "backward"):
        engine.phase(phase, NOTEBOOK_TEXT)
    torch.set_rng_state(rng)
    with monkeypatch.context() as patched:
        patched.setattr(torch.nn.functional, "cross_entropy", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            engine.update(NOTEBOOK_TEXT)
    assert engine.actions()[-1].what == "zero_grad"
    assert engine.update(NOTEBOOK_TEXT).loss == loss


def test_a_hundred_thousand_steps_of_a_loop_are_one_entry(qwen3: Engine) -> None:
    learner = qwen3.learner
    loop = Loop(TrainSettings(epochs=200), steps=100_000)
    for number, first, last in ((1, 1, 100_000), (2, 1, 3)):
        for step in range(first, last + 1):
            learner.history.add_step(LoopSteps(loop, number, step, step))
    assert learner.history.actions == (
        LoopSteps(loop, 1, 1, 100_000),
        LoopSteps(loop, 2, 1, 3),
    )
    assert learner.history.report.bytes == 0


def test_the_usual_budget_comes_back(qwen3: Engine) -> None:
    assert present(qwen3.status()).history.is_usual
    assert qwen3.set_undo_budget(7).history == replace(NO_HISTORY, budget=7, is_usual=False)
    usual = qwen3.set_undo_budget(None).history
    assert usual.is_usual
    assert usual.budget > 1_000_000
