"""kill -9 at any moment: the newest checkpoint is whole, and the run goes on to the last bit."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Lock

import pytest

from tests.known import step_reports, the
from tui_trainer.engine.engine import Engine
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.checkpoint_check import check_checkpoint
from tui_trainer.runs.checkpoints import checkpoint_folders, find_checkpoint
from tui_trainer.runs.description import RunState
from tui_trainer.runs.home import run_folders
from tui_trainer.runs.listing import open_run
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

SETTINGS = TrainSettings(items=60, lr=1e-3, shuffle=True, checkpoint_every=2)


def assert_goes_on(
    engine: Engine, run: Path, whole: list[float], settings: TrainSettings = SETTINGS
) -> None:
    """Every checkpoint is whole, and from the newest one the losses are those of `whole`."""
    assert open_run(run).state is RunState.BROKEN_OFF
    for folder in checkpoint_folders(run):
        check_checkpoint(folder)
    checkpoint = find_checkpoint(str(run))
    engine.load_model(ModelChoice(str(checkpoint), "cpu", "fp32"))
    losses = [report.loss for report in step_reports(engine.resume(str(checkpoint), settings))]
    assert losses == whole[-len(losses) :]
    assert len(losses) < len(whole)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_twenty_killed_runs_are_resumed_bit_for_bit(tmp_path: Path) -> None:
    """GPT-2 has dropout, so that its random numbers must go on too."""
    crash = [sys.executable, "-m", "tests.crash", "--kills", "20"]
    ended = subprocess.run(
        crash,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = re.search(r"seed 0: (\d+) kills, (\d+) inside a checkpoint", ended.stdout)
    assert told is not None
    assert int(told[1]) >= 20
    assert int(told[2]) >= 5


def test_whatever_a_kill_leaves_of_a_checkpoint_the_newest_is_whole(
    engine: Engine,
    model_folder: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A copy of the folder before each call that a checkpoint hangs on is what a kill leaves."""
    engine.load_model(ModelChoice(str(model_folder("GPT2")), "cpu", "fp32"))
    left: list[Path] = []
    one_at_a_time = Lock()  # files are synced in several threads

    def copying_before(act: Callable[..., None]) -> Callable[..., None]:
        def call(*arguments: object, **how: object) -> None:
            with one_at_a_time:
                copy = tmp_path / f"{len(left):03}" / "run"
                left.append(shutil.copytree(run_folders()[0], copy))
            act(*arguments, **how)

        return call

    settings = replace(SETTINGS, items=8)
    steps = iter(engine.train(settings, record=True))
    whole = [the(StepReport, next(steps)).loss for _ in range(2)]
    with monkeypatch.context() as patch:
        for name in ("fsync", "rename", "replace", "rmdir"):
            patch.setattr(os, name, copying_before(getattr(os, name)))
        whole += [the(StepReport, next(steps)).loss for _ in range(2)]
    whole += [step.loss for step in step_reports(steps)]
    assert len(left) > 8
    assert {find_checkpoint(str(run)).name for run in left} == {"step-000002", "step-000004"}
    for run in left:
        check_checkpoint(find_checkpoint(str(run)))
    assert_goes_on(engine, left[0], whole, settings)
    assert_goes_on(engine, left[-1], whole, settings)
