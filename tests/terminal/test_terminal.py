"""The app in a real terminal: start, work, quit; and how it ends when it must."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from torch import Tensor

from tests.terminal.seen import steps_made
from tests.terminal.terminal import Terminal
from tui_trainer.cli import main
from tui_trainer.engine.accelerator import Arriving, receive
from tui_trainer.engine.loop import step_figures
from tui_trainer.runs.home import run_folders
from tui_trainer.runs.listing import open_run


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(state=tmp_path)
    yield terminal
    terminal.close()


@pytest.mark.parametrize(
    ("updates", "steps"), [(2, 3), pytest.param(5, 10, marks=pytest.mark.long)]
)
def test_a_working_hour_in_a_minute(terminal: Terminal, updates: int, steps: int) -> None:
    terminal.wait_for("1 Tokens")
    terminal.wait_for("as loaded")
    terminal.press(" zebra")
    terminal.wait_for("zebra")

    terminal.press("escape")
    terminal.press("4")
    terminal.wait_for("[4 Step]")
    terminal.wait_for("logits 1×")
    for update in range(1, updates + 1):
        terminal.press("space")
        terminal.wait_for(f"update {update} ")
    terminal.wait_for(f"unsaved: {updates} updates")

    terminal.press("R")
    terminal.wait_for("loaded weights back?")
    terminal.press("y")
    terminal.wait_for("as loaded")
    terminal.press("alt+5")
    terminal.wait_for("[5 GSM8K]")
    terminal.press("space")
    terminal.wait(lambda shown: steps_made(shown) >= steps, f"{steps} steps")
    terminal.press("space")
    terminal.wait_for("GSM8K paused")

    terminal.press("q")
    terminal.wait_for("▲ Quit?")  # the sentence breaks where its numbers let it
    terminal.press("y")
    assert terminal.wait_for_end() == 0
    assert terminal.is_restored()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_before_a_model_is_there_leaves_the_terminal_restored(
    terminal: Terminal, number: int
) -> None:
    terminal.wait_for("1 Tokens")
    terminal.child.kill(number)
    assert terminal.wait_for_end() == 128 + number
    assert terminal.is_restored()


def test_an_interrupt_asks_and_a_termination_saves_the_step_it_finishes(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal.wait_for("as loaded")
    terminal.press("alt+5")
    terminal.wait_for("[5 GSM8K]")
    terminal.press("space")
    terminal.wait(lambda shown: steps_made(shown) >= 3, "three steps")
    terminal.child.kill(signal.SIGINT)
    terminal.wait_for("▲ Quit?")  # the sentence breaks where its numbers let it
    terminal.press("n")
    terminal.child.kill(signal.SIGTERM)
    assert terminal.wait_for_end() == 128 + signal.SIGTERM
    assert terminal.is_restored()
    (folder,) = run_folders()
    run = open_run(folder)
    assert run.description.state == "stopped"
    assert run.checkpoints == (run.description.tally.step,)
    step = run.description.tally.step
    said = f"tui-trainer: Run {folder.name} stopped at step {step}, saved; go on with: "
    (told,) = [line for line in terminal.written.splitlines() if said in line]
    goes_on_after(told, step, monkeypatch)


def goes_on_after(told: str, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the command that was told in this process, and end it in its first step."""

    def receiving(*losses: Tensor) -> Arriving:
        signal.raise_signal(signal.SIGTERM)
        return receive(*losses)

    monkeypatch.setattr(step_figures, "receive", receiving)
    words = shlex.split(told.partition("with: ")[2])
    assert main(words[words.index("gsm8k") :]) == 128 + signal.SIGTERM
    resumed = open_run(run_folders()[0])
    assert resumed.description.parent is not None
    assert (resumed.description.parent.step, resumed.checkpoints) == (step, (step + 1,))


WAITING = """
import pathlib, signal, subprocess, sys
signal.signal(signal.SIGHUP, signal.SIG_IGN)
status = subprocess.call([sys.executable, "-m", "tui_trainer"])
pathlib.Path(sys.argv[1]).write_text(str(status))
"""


def test_it_ends_with_its_terminal_below_a_program_that_waits_for_it(tmp_path: Path) -> None:
    """As below `make run`: the system sends SIGHUP to the first process of the session alone."""
    ended = tmp_path / "status"
    environment = {**os.environ, "TERM": "xterm-256color", "XDG_STATE_HOME": str(tmp_path)}
    child = pexpect.spawn(sys.executable, ["-c", WAITING, str(ended)], env=environment)
    child.expect("1 Tokens", timeout=60)
    child.ptyproc.fileobj.close()
    deadline = time.monotonic() + 60
    while not ended.exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert ended.read_text() == str(128 + signal.SIGHUP)


def test_without_a_terminal_it_says_so_in_one_line() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tui_trainer"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert len(ended.stderr.strip().splitlines()) == 1
    assert "terminal" in ended.stderr
    assert ended.stdout == ""
