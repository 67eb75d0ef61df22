"""The app in a real terminal: start, work, quit; and how it ends when it must."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.terminal.terminal import Terminal


@pytest.fixture
def terminal(tmp_path) -> Iterator[Terminal]:
    terminal = Terminal(state=tmp_path)
    yield terminal
    terminal.close()


def test_a_working_hour_in_a_minute(terminal: Terminal) -> None:
    terminal.wait_for("1 Tokens")
    terminal.wait_for("as loaded")
    terminal.press(" zebra")
    terminal.wait_for("zebra")

    terminal.press("escape")
    terminal.press("4")
    terminal.wait_for("[4 Step]")
    terminal.wait_for("logits 1×")
    for update in range(1, 6):
        terminal.press("space")
        terminal.wait_for(f"update {update} ")
    terminal.wait_for("5 updates from loaded")

    terminal.press("R")
    terminal.wait_for("as loaded")
    terminal.press("alt+5")
    terminal.wait_for("[5 GSM8K]")
    terminal.press("space")
    terminal.wait(lambda shown: steps_made(shown) >= 10, "ten steps")
    terminal.press("space")
    terminal.wait_for("GSM8K paused")

    terminal.press("q")
    terminal.wait_for("are in no")
    terminal.press("y")
    assert terminal.wait_for_end() == 0
    assert terminal.is_restored()


def steps_made(shown: str) -> int:
    """The updates that the status line counts."""
    match = re.search(r"([\d,]+) updates? from loaded", shown)
    return int(match[1].replace(",", "")) if match else 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_restored(terminal: Terminal, number: int) -> None:
    terminal.wait_for("1 Tokens")
    terminal.child.kill(number)
    assert terminal.wait_for_end() == 128 + number
    assert terminal.is_restored()


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
