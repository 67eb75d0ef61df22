"""A disk that fails at any call of a run: a sentence, what was whole stays so, and it goes on."""

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.layer import NO_COMPILER, Fault, calls_of, compiled, has_compiler
from tui_trainer.runs.checkpoint_check import check_checkpoint
from tui_trainer.runs.checkpoints import checkpoint_folders
from tui_trainer.runs.description import RunState
from tui_trainer.runs.home import run_folders, runs_home
from tui_trainer.runs.listing import open_run

pytestmark = pytest.mark.skipif(not has_compiler(), reason=NO_COMPILER)


def walked(tmp_path: Path, *arguments: str) -> str:
    walk = [sys.executable, "-m", "tests.faults", *arguments]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    ended = subprocess.run(walk, capture_output=True, text=True, check=False, env=environment)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_a_run_on_a_disk_that_fails_now_and_then_or_is_full_loses_nothing(tmp_path: Path) -> None:
    told = walked(tmp_path, "--errno", "EIO", "ENOSPC", "--sample", "3")
    assert re.search(r"EIO: 3 of \d+ calls, [1-4] runs told of it", told)
    assert re.search(r"ENOSPC: 3 of \d+ calls", told)


@pytest.mark.long
@pytest.mark.parametrize("name", ["EIO", "ESTALE", "ENOSPC", "EDQUOT"])
def test_so_it_is_at_more_calls(tmp_path: Path, name: str) -> None:
    """`python -m tests.faults` goes to every one of them, which takes half an hour each."""
    told = walked(tmp_path, "--errno", name, "--sample", "8")
    counts = re.search(rf"{name}: 8 of (\d+) calls", told)
    assert counts is not None
    assert int(counts[1]) > 150


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE])
def test_the_built_in_model_is_trained_and_saved_where_one_call_in_ten_fails(
    tmp_path: Path, number: int
) -> None:
    """Its files are of a size at which no library would write one whole."""
    log = tmp_path / "log"
    fault = Fault(runs_home().parent, number, first=3, one_in=10, log=log)
    command = [sys.executable, "-m", "tui_trainer", "gsm8k", "--items", "4"]
    command += ["--checkpoint-every", "2", "--device", "cpu", "--precision", "fp32"]
    preload = {"LD_PRELOAD": str(compiled(tmp_path))}
    environment = os.environ | fault.environment | preload
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert ended.returncode == 0, ended.stderr
    assert "tui-trainer: The disk failed" in ended.stderr
    assert f"({os.strerror(number)})" in ended.stderr
    failed = [call for call in calls_of(log) if call.failed]
    assert any(call.path.endswith("training.safetensors") for call in failed)
    assert len(failed) > 20
    (run,) = run_folders()
    assert open_run(run).state is RunState.FINISHED
    assert open_run(run).checkpoints == (2, 4)
    for checkpoint in checkpoint_folders(run):
        check_checkpoint(checkpoint)
