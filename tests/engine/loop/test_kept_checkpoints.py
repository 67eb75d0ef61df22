"""`keep_checkpoints`: the newest few stay, and the best by validation; all else is left alone."""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.full_disk import full_disk
from tests.known import end, step_reports
from tui_trainer.engine.engine import Engine
from tui_trainer.reports.loop import LoopReport, ValidationReport
from tui_trainer.reports.progress import Progress
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.checkpoint_check import check_checkpoint
from tui_trainer.runs.checkpoints import checkpoint_folders
from tui_trainer.runs.deletion import delete_checkpoint
from tui_trainer.runs.held import hold
from tui_trainer.runs.home import run_folders
from tui_trainer.runs.listing import open_run, read_run
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

KEPT = partial(TrainSettings, items=12, checkpoint_every=2, keep_checkpoints=2)


def names(run: Path) -> list[str]:
    """Whatever there is among a run's checkpoints."""
    return sorted(path.name for path in (run / "checkpoints").iterdir())


def until(reports: Iterator[LoopReport], step: int) -> Path:
    for report in reports:
        if isinstance(report, StepReport) and report.step == step:
            break
    return run_folders()[0]


def notes(reports: Iterator[LoopReport]) -> list[str]:
    return [note for report in step_reports(reports) for note in report.notes]


def test_the_best_by_validation_stays_with_the_newest(qwen3: Engine) -> None:
    settings = KEPT(lr=0.03, validation_items=4, validate_every=2)  # it soon gets worse
    measured = {
        report.step: report.loss
        for report in qwen3.train(settings, record=True)
        if isinstance(report, ValidationReport) and report.step
    }
    best = min(measured, key=lambda step: measured[step])
    assert best < 10, "the best is to be none of the newest"
    run = run_folders()[0]
    assert open_run(run).checkpoints == (best, 10, 12)
    assert open_run(run).best_checkpoint == best
    for folder in checkpoint_folders(run):
        check_checkpoint(folder)
    assert names(run) == [folder.name for folder in checkpoint_folders(run)]


def test_a_run_without_validation_keeps_the_newest_alone(qwen3: Engine) -> None:
    list(qwen3.train(KEPT(), record=True))
    run = open_run(run_folders()[0])
    assert (run.checkpoints, run.best_checkpoint) == ((10, 12), None)


def test_all_stay_as_long_as_nothing_is_set(qwen3: Engine) -> None:
    list(qwen3.train(KEPT(keep_checkpoints=0), record=True))
    assert open_run(run_folders()[0]).checkpoints == (2, 4, 6, 8, 10, 12)


def test_none_goes_before_the_new_one_is_whole(qwen3: Engine) -> None:
    reports = iter(qwen3.train(KEPT(keep_checkpoints=1, checkpoint_at_end=False), record=True))
    run = until(reports, 5)
    with full_disk(8_000):
        next(reports)
    assert names(run) == ["step-000004"]
    check_checkpoint(run / "checkpoints" / "step-000004")
    until(reports, 8)
    assert names(run) == ["step-000008"]
    end(reports)


def test_what_another_engine_resumes_from_stays_until_it_lets_go(qwen3: Engine) -> None:
    reports = iter(qwen3.train(KEPT(keep_checkpoints=1), record=True))
    run = until(reports, 2)
    first = run / "checkpoints" / "step-000002"
    other = Engine(Progress(lambda _: None))
    other.load_model(ModelChoice(str(first), "cpu", "fp32"))
    resumed = other.resume(str(first), KEPT(keep_checkpoints=1), record=True)
    until(reports, 6)
    assert names(run) == ["step-000002", "step-000006"]
    assert [step.step for step in step_reports(resumed)] == list(range(3, 13))
    assert first.is_dir(), "its model is the checkpoint still, which it goes back to"
    other.load_model(ModelChoice(str(run / "checkpoints" / "step-000006"), "cpu", "fp32"))
    del resumed
    told = notes(reports)
    assert names(run) == ["step-000006", "step-000012"]
    assert [note.split()[2] for note in told] == ["step-000006"]


def test_why_one_stays_is_told_once(qwen3: Engine) -> None:
    reports = iter(qwen3.train(KEPT(keep_checkpoints=1), record=True))
    run = until(reports, 2)
    held = hold(run / "checkpoints" / "step-000002")
    assert held is not None
    assert notes(reports) == [
        "The checkpoint step-000002 is not deleted: another process, or this one, has it as its "
        "model."
    ]


def test_what_is_not_of_the_run_keeps_its_checkpoint(qwen3: Engine) -> None:
    reports = iter(qwen3.train(KEPT(keep_checkpoints=1), record=True))
    run = until(reports, 2)
    note = run / "checkpoints" / "step-000002" / "my note"
    note.write_text("a good one")
    (told,) = notes(reports)
    assert "step-000002 is not deleted: my note in it is not of the run" in told
    assert names(run) == ["step-000002", "step-000012"]
    check_checkpoint(note.parent)


@pytest.mark.parametrize("of", ["checkpoint", "file", "folder of them"])
def test_nothing_is_deleted_through_a_link(qwen3: Engine, tmp_path: Path, of: str) -> None:
    list(qwen3.train(KEPT(items=2), record=True))
    run = run_folders()[0]
    at = {
        "checkpoint": run / "checkpoints" / "step-000002",
        "file": run / "checkpoints" / "step-000002" / "config.json",
        "folder of them": run / "checkpoints",
    }[of]
    elsewhere = tmp_path / "elsewhere"
    shutil.move(at, elsewhere)
    at.symlink_to(elsewhere)
    assert delete_checkpoint(run, "step-000002")
    assert elsewhere.exists()
    check_checkpoint(run / "checkpoints" / "step-000002")


def test_without_locks_nothing_is_deleted_and_that_is_said(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unlocked(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", unlocked)
    reports = iter(qwen3.train(KEPT(items=6, keep_checkpoints=1), record=True))
    told = notes(reports)
    assert "its file system has no locks" in told[0]
    assert open_run(run_folders()[0]).checkpoints == (2, 4, 6)


def test_what_a_broken_off_deletion_left_goes_with_the_next(qwen3: Engine) -> None:
    reports = iter(qwen3.train(KEPT(keep_checkpoints=1), record=True))
    run = until(reports, 4)
    left = run / "checkpoints" / ".step-000002.part"
    shutil.copytree(run / "checkpoints" / "step-000004", left)
    (left / "config.json").unlink()
    until(reports, 6)
    assert names(run) == ["step-000006"]
    end(reports)


def test_a_resumed_run_leaves_those_of_the_run_before(qwen3: Engine) -> None:
    end = iter(qwen3.train(KEPT(keep_checkpoints=0), record=True))
    before = until(end, 6)
    list(end)
    checkpoint = before / "checkpoints" / "step-000006"
    qwen3.load_model(ModelChoice(str(checkpoint), "cpu", "fp32"))
    list(qwen3.resume(str(checkpoint), KEPT(keep_checkpoints=1), record=True))
    after = run_folders()[0]
    assert after != before
    assert (open_run(before).checkpoints, open_run(after).checkpoints) == (
        (2, 4, 6, 8, 10, 12),
        (12,),
    )


def test_the_best_is_known_after_a_run_that_was_killed(qwen3: Engine) -> None:
    settings = KEPT(validation_items=4, validate_every=2)
    reports = iter(qwen3.train(settings, record=True))
    run = until(reports, 7)  # nothing more is written
    measured = read_run(run).best_checkpoint
    assert measured in {2, 4, 6}
    end(reports)
