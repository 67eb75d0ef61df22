"""A fork leaves every bit as it was, and the one picked is a plain update."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from tests.engine.bits import Bits
from tests.engine.notebook import Notebook, assert_same_bits, weights_of
from tests.failing import failing_at
from tests.known import each, present
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.engine import Engine
from tui_trainer.errors import InputError
from tui_trainer.reports.actions import Action
from tui_trainer.reports.phases import BACKWARD, FORWARD, LOSS
from tui_trainer.reports.progress import Progress
from tui_trainer.reports.updates import UpdateReport
from tui_trainer.settings.model import ModelChoice

LR = 1e-3


def loaded(folder: Path, precision: str, optimizer: str, updates: int) -> Engine:
    """An engine after some updates; whoever calls it again gets the same bits."""
    engine = Engine(Progress(lambda _: None))
    engine.load_model(ModelChoice(str(folder), "cpu", precision))
    torch.manual_seed(3)
    engine.set_optimizer(optimizer)
    engine.set_lr(LR)
    for _ in range(updates):
        engine.update(NOTEBOOK_TEXT)
    return engine


def timeless(report: UpdateReport) -> UpdateReport:
    return replace(report, seconds=0.0)


def gradients_of(engine: Engine) -> list[torch.Tensor]:
    return [present(p.grad).clone() for p in engine.learner.model.parameters()]


@pytest.mark.parametrize("updates", [0, 2])
@pytest.mark.parametrize("optimizer", ["AdamW", "SGD"])
@pytest.mark.parametrize("precision", ["fp32", "mixed", "bf16"])
@pytest.mark.parametrize("architecture", ["Qwen3", "GPT2"])
def test_none_leaves_every_bit_and_the_one_at_lr_is_a_plain_update(
    model_folder: Callable[[str], Path],
    architecture: str,
    precision: str,
    optimizer: str,
    updates: int,
) -> None:
    folder = model_folder(architecture)
    plain = loaded(folder, precision, optimizer, updates)
    expected = timeless(plain.update(NOTEBOOK_TEXT))
    after_plain = Bits(plain)

    engine = loaded(folder, precision, optimizer, updates)
    before, status = Bits(engine), engine.status()
    outcomes = engine.fork(NOTEBOOK_TEXT)
    Bits(engine).assert_equal(before)
    assert engine.status() == status
    assert timeless(outcomes[1]) == expected

    picked = engine.update_at(NOTEBOOK_TEXT, outcomes[1].lr)
    assert timeless(picked) == expected
    Bits(engine).assert_equal(after_plain)
    engine.undo()
    Bits(engine).assert_equal(before)


def test_each_outcome_is_the_notebooks_cell_at_that_lr(
    qwen3: Engine, model_folder: Callable[[str], Path]
) -> None:
    qwen3.set_lr(LR)
    outcomes = qwen3.fork(NOTEBOOK_TEXT)
    assert [o.lr for o in outcomes] == pytest.approx([LR / 3, LR, 3 * LR])
    for outcome in outcomes:
        notebook = Notebook(model_folder("Qwen3"))
        notebook.optimizer = torch.optim.AdamW(notebook.model.parameters(), lr=outcome.lr)
        before = weights_of(notebook.model)
        assert outcome.loss == pytest.approx(notebook.cell(NOTEBOOK_TEXT), rel=1e-6)
        ids = notebook.tokenizer(NOTEBOOK_TEXT, return_tensors="pt").input_ids
        with torch.no_grad():
            logits = notebook.model(ids).logits
        after = F.cross_entropy(logits[0, :-1], ids[0, 1:]).item()
        assert outcome.after.loss == pytest.approx(after, rel=1e-5)
        pairs = zip(before, notebook.model.parameters(), strict=True)
        assert outcome.moved == sum(int((old != new).sum()) for old, new in pairs)
        assert outcome.update == 1
        picked = qwen3.update_at(NOTEBOOK_TEXT, outcome.lr)
        assert timeless(picked) == timeless(outcome)
        assert_same_bits(qwen3.learner.model.parameters(), notebook.model.parameters())
        assert present(qwen3.status()).lr == outcome.lr
        qwen3.undo()
    losses = [present(outcome.after.loss) for outcome in outcomes]
    assert losses[0] > losses[1] > losses[2]


def test_what_was_undone_can_be_redone_after_a_fork(qwen3: Engine) -> None:
    qwen3.set_lr(LR)
    qwen3.update(NOTEBOOK_TEXT)
    qwen3.update(NOTEBOOK_TEXT)
    second, done = Bits(qwen3), qwen3.actions()
    qwen3.undo()
    qwen3.fork(NOTEBOOK_TEXT)
    assert qwen3.actions()[:1] == done[:1]
    qwen3.redo()
    Bits(qwen3).assert_equal(second)
    qwen3.undo()
    qwen3.undo()
    assert present(qwen3.status()).updates == 0


def test_gradients_that_phases_left_count_in_each_and_stay(qwen3: Engine) -> None:
    for phase in (FORWARD, LOSS, BACKWARD):
        qwen3.phase(phase, NOTEBOOK_TEXT)
    gradients = gradients_of(qwen3)
    norm = present(qwen3.phase_report().grad_norm)
    outcomes = qwen3.fork(NOTEBOOK_TEXT)
    assert [o.grad_norm for o in outcomes] == pytest.approx([2 * norm] * 3, rel=1e-6)
    assert_same_bits(gradients_of(qwen3), gradients)


@pytest.mark.parametrize("budget", [0, 10**9])
def test_a_fork_keeps_nothing_to_undo(qwen3: Engine, budget: int) -> None:
    qwen3.set_undo_budget(budget)
    qwen3.fork(NOTEBOOK_TEXT)
    assert present(qwen3.status()).history.undo == 0
    assert qwen3.moved().total.moved is None
    report = qwen3.update_at(NOTEBOOK_TEXT, 3e-5)
    assert present(qwen3.status()).history.undo == (budget > 0)
    assert qwen3.moved().total.moved == report.moved
    assert [(a.what, a.lr) for a in each(Action, qwen3.actions())] == [("update", 3e-5)]


def test_a_fork_that_fails_leaves_weights_lr_and_history(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded_bits = Bits(qwen3)
    qwen3.update(NOTEBOOK_TEXT)
    before = Bits(qwen3)
    loss = F.cross_entropy
    with monkeypatch.context() as patched:
        patched.setattr(F, "cross_entropy", failing_at(3, loss, MemoryError()))
        with pytest.raises(MemoryError):
            qwen3.fork(NOTEBOOK_TEXT)
        patched.setattr(F, "cross_entropy", failing_at(1, loss, MemoryError()))
        with pytest.raises(MemoryError):
            qwen3.update_at(NOTEBOOK_TEXT, 1.0)
    Bits(qwen3).assert_equal(before)
    qwen3.undo()
    assert_same_bits(weights_of(qwen3.learner.model), loaded_bits.weights)


def test_what_cannot_be_forked_is_refused(qwen3: Engine) -> None:
    with pytest.raises(InputError, match="One token has no label"):
        qwen3.fork("a")
    qwen3.set_lr(5.0)
    with pytest.raises(InputError, match=r"times 5 is above 10: lower it to 3\.33 first"):
        qwen3.fork(NOTEBOOK_TEXT)
    assert present(qwen3.status()).lr == 5.0
