"""The sentence that tells how a run is gone on with."""

import shlex
import shutil
import sys
from pathlib import Path

import pytest

from tui_trainer.reports.runs import StoppedRun
from tui_trainer.runs.resume_command import describe_stopped, resume_command


@pytest.fixture(autouse=True)
def on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda program: f"/usr/bin/{program}")


def stopped(
    folder: Path = Path("/scratch/tui-trainer/runs/2026-11-30-builtin-1"),
    step: int = 120,
    checkpoint_step: int = 120,
    device: str = "auto",
    remote_code: bool = False,
    threads: int | None = None,
) -> StoppedRun:
    is_saved = step == checkpoint_step
    return StoppedRun(
        folder.name, str(folder), step, checkpoint_step, is_saved, device, remote_code, threads
    )


def test_a_run_where_every_shell_looks_is_named_and_another_has_its_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """XDG_DATA_HOME may have been set for the one command that has ended."""
    monkeypatch.setenv("HOME", "/home/ada")
    at_home = Path("/home/ada/.local/share/tui-trainer/runs/2026-11-30-builtin-1")
    assert resume_command(stopped(at_home)) == "tui-trainer gsm8k --resume 2026-11-30-builtin-1"
    folder = "/scratch/tui-trainer/runs/2026-11-30-builtin-1"
    assert resume_command(stopped()) == f"tui-trainer gsm8k --resume {folder}"


def test_it_says_what_the_last_checkpoint_holds() -> None:
    command = resume_command(stopped())
    assert describe_stopped(stopped()) == (
        f"Run 2026-11-30-builtin-1 stopped at step 120, saved; go on with: {command}"
    )
    assert describe_stopped(stopped(checkpoint_step=100)) == (
        "Run 2026-11-30-builtin-1 stopped at step 120; go on from its checkpoint of step 100 "
        f"with: {command}"
    )


def test_what_the_run_s_folder_does_not_tell_is_given_again() -> None:
    folder = Path("/mnt/my runs/a")
    command = resume_command(stopped(folder, device="cuda:1", remote_code=True, threads=2))
    assert shlex.split(command) == [
        "tui-trainer",
        "gsm8k",
        "--resume",
        str(folder),
        "--device",
        "cuda:1",
        "--threads",
        "2",
        "--trust-remote-code",
    ]


@pytest.mark.parametrize(
    ("called", "program"),
    [
        (".venv/bin/tui-trainer", ".venv/bin/tui-trainer"),  # as `make run` does
        ("/src/tui_trainer/__main__.py", f"{sys.executable} -m tui_trainer"),
    ],
)
def test_a_program_that_the_shell_does_not_find_is_called_as_it_was(
    called: str, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(sys, "argv", [called])
    assert resume_command(stopped()).startswith(f"{program} gsm8k --resume ")
