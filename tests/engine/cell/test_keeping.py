"""What an update gives up where memory is short, and when it is refused."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from transformers import AutoConfig

from tests.engine.bits import Bits
from tests.known import present
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.cell.keeping import (
    FEWER_UNDONE,
    NO_UNDO,
    NO_UNDO_NO_COUNT,
    cell_bytes,
    find_remedy,
)
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.memory.dry_model import DryModel
from tui_trainer.engine.optimizers.state import state_bytes
from tui_trainer.errors import InputError
from tui_trainer.reports.phases import PHASES


@dataclass
class Machine:
    """One whose memory has what the model takes, and so much more."""

    engine: Engine
    total: int = 0

    @property
    def held(self) -> int:
        learner = self.engine.learner
        weights, history = learner.weights, learner.history
        gradients = weights.trained_bytes if weights.have_gradients else 0
        snapshot = weights.bytes if learner.loaded.is_copied else 0
        held = weights.bytes + gradients + snapshot + weights.kept_bytes + history.bytes
        return held + state_bytes(learner.setup.optimizer.state)

    def free(self, *_: object) -> int:
        return self.total - self.held

    def leave(self, copies: float) -> None:
        """Room for the cell, and so many copies of the weights beside it."""
        learner = self.engine.learner
        tokens = learner.input_ids(NOTEBOOK_TEXT).shape[1]
        needed = cell_bytes(learner, learner.update_need(tokens))
        self.total = self.held + needed + round(copies * learner.weights.bytes)


@pytest.fixture(scope="module")
def dry(model_folder: Callable[[str], Path]) -> DryModel:
    return DryModel.of(AutoConfig.from_pretrained(model_folder("Qwen3")), "fp32")


@pytest.fixture
def machine(qwen3: Engine, dry: DryModel, monkeypatch: pytest.MonkeyPatch) -> Machine:
    vars(qwen3.learner)["dry_model"] = dry  # which takes most of a second to make
    machine = Machine(qwen3)
    for module in "memory.room", "memory.ample":
        monkeypatch.setattr(f"tui_trainer.engine.{module}.free_memory", machine.free)
    return machine


@pytest.mark.parametrize(
    ("copies", "undo", "note", "is_copied"),
    [
        # The second update keeps the weights and two moments, and the first one kept the weights.
        (3.1, 2, "", True),
        (2.1, 2, "", False),
        (1.1, 1, FEWER_UNDONE, False),
        (0.5, 0, NO_UNDO, False),
        (-0.9, 0, NO_UNDO, False),
        (-1.5, 0, NO_UNDO_NO_COUNT, False),
    ],
)
def test_what_is_ours_goes_piece_by_piece_before_the_update_does(
    machine: Machine, copies: float, undo: int, note: str, is_copied: bool
) -> None:
    engine = machine.engine
    machine.total = 1 << 40
    reports = [engine.update(NOTEBOOK_TEXT) for _ in range(2)]
    expected = Bits(engine)
    engine.reload()
    engine.update(NOTEBOOK_TEXT)
    machine.engine.learner.history._spare = None
    machine.engine.learner.weights.give_copy_away()
    machine.leave(copies)
    report = engine.update(NOTEBOOK_TEXT)
    assert (report.note, engine.learner.loaded.is_copied) == (note, is_copied)
    assert report.loss == reports[1].loss
    assert report.moved == (None if note == NO_UNDO_NO_COUNT else reports[1].moved)
    assert present(engine.status()).history.undo == undo
    assert present(engine.moved().total.moved) == reports[1].moved if report.moved else True
    assert machine.free() >= 0
    Bits(engine).assert_equal(expected)


def test_where_not_even_the_cell_has_room_the_update_is_refused(machine: Machine) -> None:
    engine = machine.engine
    machine.leave(-1.5)  # with the snapshot given up it lacks half of the weights
    before, tokens = Bits(engine), engine.learner.input_ids(NOTEBOOK_TEXT).shape[1]
    with pytest.raises(InputError) as refused:
        engine.update(NOTEBOOK_TEXT)
    assert str(refused.value).startswith(f"An update on {tokens} tokens needs 0.00 GB more on cpu")
    Bits(engine).assert_equal(before)


def test_a_fork_keeps_what_takes_it_back_or_is_refused(machine: Machine) -> None:
    engine = machine.engine
    machine.total = 1 << 40
    engine.update(NOTEBOOK_TEXT)
    outcomes, before = engine.fork(NOTEBOOK_TEXT), Bits(engine)
    engine.learner.history.release_memory()
    engine.learner.weights.give_copy_away()
    machine.leave(2.1)  # of three, one is the snapshot's
    assert [o.loss for o in engine.fork(NOTEBOOK_TEXT)] == [o.loss for o in outcomes]
    assert not engine.learner.loaded.is_copied
    Bits(engine).assert_equal(before)
    engine.learner.history.release_memory()
    engine.learner.weights.give_copy_away()
    machine.leave(2.9)
    with pytest.raises(InputError, match="A fork takes back each update that it tries, and memory"):
        engine.fork(NOTEBOOK_TEXT)
    Bits(engine).assert_equal(before)


def test_phases_give_up_as_much(machine: Machine) -> None:
    engine = machine.engine
    machine.total = 1 << 40
    learner, weights = engine.learner, engine.learner.weights
    need = learner.update_need(learner.input_ids(NOTEBOOK_TEXT).shape[1])
    machine.total = machine.held + need.passes - weights.bytes // 2
    phases = [engine.phase(phase, NOTEBOOK_TEXT) for phase in PHASES[:3]]
    assert not engine.learner.loaded.is_copied
    machine.total = machine.held + need.moments + need.temporaries  # and no copy
    step = engine.phase("optimizer.step", NOTEBOOK_TEXT)
    assert (step.moved, step.words.endswith(NO_UNDO_NO_COUNT)) == (None, True)
    machine.total = 1 << 40
    engine.reload()
    assert phases[1].loss == engine.update(NOTEBOOK_TEXT).loss
    machine.total = 3 * weights.bytes  # they and their moments
    with pytest.raises(InputError, match=r"An update on \d+ tokens needs"):
        engine.phase("forward", NOTEBOOK_TEXT)


def test_nothing_is_copied_ahead_where_memory_is_short(machine: Machine) -> None:
    engine = machine.engine
    machine.total = 1 << 40
    for ample in True, False:
        engine.update(NOTEBOOK_TEXT)
        held = machine.held
        machine.total = 1 << 40 if ample else held + 10 * engine.learner.weights.bytes
        engine.prepare_undo()
        assert (machine.held > held) is ample


def test_undo_that_the_budget_is_too_small_for_is_not_copied(qwen3: Engine) -> None:
    qwen3.set_undo_budget(0)
    for _ in range(2):
        qwen3.update(NOTEBOOK_TEXT)
    learner = qwen3.learner
    assert learner.history.bytes == 0
    assert learner.weights.kept_bytes == learner.weights.bytes  # counts what moved


def test_the_remedy_is_the_least_that_helps(machine: Machine) -> None:
    learner = machine.engine.learner
    for remedy, tokens, lack in (
        ("shorten the text", 100, 0),
        ("take SGD as the optimizer, or load a smaller model", 2, 1),
        ("load the model in precision bf16-sr, or a smaller one", 2, 3),
    ):
        needed = cell_bytes(learner, learner.update_need(2))
        machine.total = machine.held + needed - lack * learner.weights.bytes
        assert find_remedy(learner, tokens) == remedy


@pytest.mark.long
def test_an_update_peaks_no_higher_than_the_notebooks_cell_where_memory_is_short() -> None:
    """Each in a process of its own, of 135 million weights: 1.6 GB and 1.6 GB."""
    notebook, app = (
        int(
            subprocess.run(
                [sys.executable, "-m", "tests.engine.cell.peak", which],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        )
        for which in ("notebook", "app")
    )
    assert app < 1.1 * notebook
