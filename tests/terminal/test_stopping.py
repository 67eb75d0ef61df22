"""The app below a shell: bytes that are no text, ctrl+z and fg, SIGQUIT, a fault for good."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.at_length import first_is_quick
from tests.terminal.terminal import Terminal

SHELL = '"$0" -m tui_trainer; echo; echo at the shell; read line; fg; echo "ended with $?"'


def test_any_byte_then_stop_and_go_on_then_sigquit(tmp_path: Path) -> None:
    terminal = Terminal(state=tmp_path, command=("sh", "-mc", SHELL, sys.executable))
    try:
        terminal.wait_for("as loaded")
        os.write(terminal.child.child_fd, b" caf\xe9 ")
        terminal.wait_for("caf\ufffd")

        terminal.press("escape")
        terminal.press("5")
        terminal.press("space")
        terminal.wait_for("▶ running")
        terminal.press("ctrl+z")
        terminal.wait_for("at the shell")
        assert "what it trains goes on: 'fg' is back" in terminal.written
        assert terminal.is_restored()
        terminal.screen.reset()
        terminal.press("enter")
        terminal.wait_for("[5 GSM8K]")
        terminal.wait_for("▶ running")

        os.killpg(os.tcgetpgrp(terminal.child.child_fd), signal.SIGQUIT)
        terminal.wait_for(f"ended with {128 + signal.SIGQUIT}")
        assert terminal.is_restored()
    finally:
        terminal.close()


@pytest.mark.parametrize("number", first_is_quick(signal.SIGHUP, signal.SIGTERM))
def test_a_signal_before_the_first_frame_leaves_the_terminal_as_it_was(
    tmp_path: Path, number: signal.Signals
) -> None:
    terminal = Terminal(state=tmp_path)
    try:
        while "\x1b[?1049h" not in terminal.written:
            terminal.read(0.01)
        os.kill(terminal.child.pid, number)
        assert terminal.wait_for_end() == 128 + number
        assert terminal.is_restored()
    finally:
        terminal.close()


HOPELESS = """
import sys
from tui_trainer.cli import main
from tui_trainer.widgets.status_line import StatusLine

def fail(line, y):
    password = "of the user"
    if line.app.session.status and line.app.session.status.updates:
        line.set_timer(0.01, line.refresh)
        raise KeyError("planted")
    return drawn(line, y)

drawn, StatusLine.render_line = StatusLine.render_line, fail
sys.exit(main())
"""


@pytest.mark.long
def test_a_view_that_cannot_go_on_says_so_in_few_lines_and_loses_nothing(tmp_path: Path) -> None:
    """It printed the values of all variables, said that all was well, and lost the updates."""
    terminal = Terminal(state=tmp_path, command=(sys.executable, "-c", HOPELESS))
    try:
        terminal.wait_for("as loaded")
        terminal.press("escape")
        terminal.press("4")
        terminal.press("space")
        assert terminal.wait_for_end() == 1
        assert terminal.is_restored()
        said = terminal.written[terminal.written.rfind("\x1b[?1004l") :].splitlines()
        assert len(said) <= 5
        assert "could not go on: KeyError: 'planted'" in said[0] + said[1]
        assert "session 1 goes on; come back to it with: " in "".join(said)
        assert "of the user" not in terminal.written
        assert "KeyError: 'planted'" in (tmp_path / "tui-trainer" / "log").read_text()
        environment = {**os.environ, "XDG_RUNTIME_DIR": str(terminal.place)}
        stop = [sys.executable, "-m", "tui_trainer", "sessions", "stop", "1"]
        ended = subprocess.run(stop, capture_output=True, text=True, env=environment, check=True)
        assert "1 update is saved as the model" in ended.stderr
    finally:
        terminal.close()
