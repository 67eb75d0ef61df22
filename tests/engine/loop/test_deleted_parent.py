"""A run that another process deletes while this one goes on from it: one of the two is told."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.known import end, step_reports
from tui_trainer.engine.engine import Engine
from tui_trainer.errors import InputError
from tui_trainer.runs.checkpoints import find_checkpoint
from tui_trainer.runs.home import run_folders, runs_home
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

SETTINGS = TrainSettings(items=4, checkpoint_every=2)


def delete(run: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tui_trainer", "runs", "delete", run.name, "--yes"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def half_a_run(engine: Engine) -> tuple[Path, list[float]]:
    """A run that was stopped after two steps of four, and the losses of all four."""
    whole = [step.loss for step in step_reports(engine.train(SETTINGS))]
    engine.reload()
    steps = engine.train(SETTINGS, record=True)
    for _ in range(2):
        next(steps)
    end(steps)
    (run,) = run_folders()
    return run, whole


def test_a_run_that_is_deleted_before_the_first_step_that_goes_on_from_it_is_told(
    qwen3: Engine,
) -> None:
    run, _ = half_a_run(qwen3)
    checkpoint = str(find_checkpoint(str(run)))
    qwen3.load_model(ModelChoice(checkpoint, "cpu", "fp32"))
    steps = qwen3.resume(checkpoint, SETTINGS, record=True)
    assert delete(run).returncode == 0
    with pytest.raises(InputError, match=r"has no run\.json"):
        next(steps)
    assert list(runs_home().iterdir()) == []


def test_a_run_that_is_deleted_after_that_step_is_not_wanted_any_more(qwen3: Engine) -> None:
    run, whole = half_a_run(qwen3)
    checkpoint = str(find_checkpoint(str(run)))
    qwen3.load_model(ModelChoice(checkpoint, "cpu", "fp32"))
    steps = qwen3.resume(checkpoint, SETTINGS, record=True)
    first = next(steps)
    assert delete(run).returncode == 0
    (second,) = run_folders()
    refused = delete(second)
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"tui-trainer: The run {second.name} is going: stop its loop")
    losses = [step.loss for step in step_reports([first, *steps])]
    assert losses == whole[2:]
    assert delete(second).returncode == 0
