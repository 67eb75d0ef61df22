"""A run whose weights are changed on Step while it is paused says so, and goes on from them."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.notebook import assert_same_bits, weights_of
from tests.known import end
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.engine import Engine
from tui_trainer.errors import InputError
from tui_trainer.reports.loop import ChangeReport, LoopReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.checkpoints import checkpoint_folders
from tui_trainer.runs.figures import write_csv
from tui_trainer.runs.home import METRICS_FILE, run_folders
from tui_trainer.runs.listing import open_run
from tui_trainer.runs.writer import RunWriter
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

SETTINGS = TrainSettings(items=4, lr=1e-3, checkpoint_at_end=False)
KEYS = ["event", "step", "text", "loss", "lr", "optimizer"]


def lines_of(run: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (run / METRICS_FILE).read_text().splitlines()]


def events(run: Path) -> list[tuple[object, object]]:
    """What stands in the metrics, in order: an event by its name, a step by its number."""
    return [(line.get("event", "step"), line["step"]) for line in lines_of(run)]


def poke(engine: Engine) -> None:
    """Two updates, the second of which is undone, made again and undone."""
    engine.update(NOTEBOOK_TEXT)
    engine.update("Another text")
    engine.undo()
    engine.redo()
    engine.undo()


POKED = ["update", "update", "undo", "redo", "undo"]


def test_each_change_is_a_line_of_the_metrics_and_told_before_the_next_step(qwen3: Engine) -> None:
    loop = qwen3.train(SETTINGS, record=True)
    next(loop)
    poke(qwen3)
    (run,) = run_folders()
    written = lines_of(run)  # at once, not with the next step
    assert [line.get("event") for line in written] == [None, *POKED]
    assert all(list(line) == KEYS and line["step"] == 1 for line in written[1:])
    assert (written[1]["text"], written[2]["text"]) == (NOTEBOOK_TEXT, "Another text")
    assert written[3]["text"] == "Another text"
    assert [type(line["loss"]) for line in written[1:4]] == [float, float, type(None)]
    told: list[LoopReport] = list(loop)
    assert [t.what for t in told[:5] if isinstance(t, ChangeReport)] == POKED
    assert [t.step for t in told[5:] if isinstance(t, StepReport)] == [2, 3, 4]
    described = open_run(run).description
    assert (described.updates_on_step, described.tally.step) == (1, 4)
    assert [line.get("event") for line in lines_of(run)] == [None, *POKED, None, None, None]


def test_a_run_that_nobody_touched_has_no_such_line(qwen3: Engine) -> None:
    list(qwen3.train(SETTINGS, record=True))
    qwen3.update(NOTEBOOK_TEXT)  # the run is over
    (run,) = run_folders()
    assert [event for event, _ in events(run)] == ["step"] * 4
    assert open_run(run).description.updates_on_step == 0


def test_a_run_that_is_written_keeps_its_weights_whoever_asks_for_others(qwen3: Engine) -> None:
    """The interface asks its session first; another caller may not."""
    first = qwen3.train(SETTINGS, record=True)
    next(first)
    qwen3.save()
    end(first)
    (run,) = run_folders()
    checkpoint = str(checkpoint_folders(run)[0])
    choice = ModelChoice(checkpoint, "cpu", "fp32")
    qwen3.load_model(choice)
    loop = qwen3.resume(checkpoint, SETTINGS, record=True)
    next(loop)
    before = weights_of(qwen3.learner.model)
    for ask in (
        qwen3.reload,
        lambda: qwen3.load_model(choice),
        lambda: qwen3.resume(checkpoint, SETTINGS),
    ):
        with pytest.raises(InputError, match=r"^A run is being written .*: stop its loop first"):
            ask()
    assert_same_bits(weights_of(qwen3.learner.model), before)
    end(loop)
    assert qwen3.reload().updates == 0


def test_a_resumed_run_has_the_changes_that_its_checkpoint_has_and_no_others(
    qwen3: Engine,
) -> None:
    loop = qwen3.train(SETTINGS, record=True)
    next(loop)
    poke(qwen3)
    next_step(loop)
    qwen3.update(NOTEBOOK_TEXT)
    qwen3.save()
    saved = weights_of(qwen3.learner.model)
    qwen3.update(NOTEBOOK_TEXT)  # later than the checkpoint
    end(loop)
    (run,) = run_folders()
    (checkpoint,) = checkpoint_folders(run)
    qwen3.load_model(ModelChoice(str(checkpoint), "cpu", "fp32"))
    assert_same_bits(qwen3.learner.model.parameters(), saved)
    list(qwen3.resume(str(checkpoint), SETTINGS, record=True))
    resumed = run_folders()[0]
    before = [(event, 1) for event in POKED]
    assert events(resumed) == [
        ("step", 1),
        *before,
        ("step", 2),
        ("update", 2),
        ("step", 3),
        ("step", 4),
    ]
    assert open_run(resumed).description.updates_on_step == 2
    assert open_run(run).description.updates_on_step == 3


def next_step(loop: Iterator[LoopReport]) -> StepReport:
    """The next step, and what is told before it."""
    return next(report for report in loop if isinstance(report, StepReport))


def test_what_was_done_before_a_run_is_its_base_and_is_not_undone_under_it(qwen3: Engine) -> None:
    qwen3.update(NOTEBOOK_TEXT)
    loop = qwen3.train(TrainSettings(items=2, validation_items=1), record=True)
    next(loop)  # measured, and no step made
    with pytest.raises(InputError, match="no earlier update"):
        qwen3.undo()
    next_step(loop)
    with pytest.raises(InputError, match="A loop or another screen"):
        qwen3.undo()
    end(loop)


def test_the_csv_counts_the_updates_after_each_step(qwen3: Engine, tmp_path: Path) -> None:
    loop = qwen3.train(SETTINGS, record=True)
    next(loop)
    poke(qwen3)
    list(loop)
    write_csv(run_folders()[0], tmp_path / "run.csv")
    with (tmp_path / "run.csv").open(newline="") as file:
        assert [row["updates_on_step"] for row in csv.DictReader(file)] == ["1", "", "", ""]


def test_a_change_that_the_disk_did_not_take_is_written_before_the_next_step(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise InputError("The disk is full.")

    loop = qwen3.train(SETTINGS, record=True)
    next(loop)
    with monkeypatch.context() as patched:
        patched.setattr(RunWriter, "write", full)
        qwen3.update(NOTEBOOK_TEXT)
    list(loop)
    assert events(run_folders()[0])[:3] == [("step", 1), ("update", 1), ("step", 2)]
