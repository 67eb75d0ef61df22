"""What is written past Python to standard output and error, while the app is on, is in the log."""

import sys
from pathlib import Path

from tests.terminal.terminal import Terminal

NOISY = """
import ctypes, os, sys
from tests.fake_engine import FakeEngine
from tui_trainer.run_app import run_app
from tui_trainer.settings.model import ModelChoice
from tui_trainer.worker import in_this_process

libc = ctypes.CDLL(None)

class Noisy(FakeEngine):
    def update(self, text):
        os.write(1, b"loud-1\\n")
        os.write(2, b"loud-2: Assertion `index < size` failed.\\n")
        libc.puts(b"loud-3")
        libc.dprintf(2, b"loud-4\\n")
        print("loud-5", file=sys.__stderr__)
        return super().update(text)

status = run_app(ModelChoice(), in_this_process(lambda progress: Noisy()))
os.write(2, b"the terminal again\\n")
sys.exit(status)
"""


def test_what_libraries_write_is_in_the_log_and_not_on_the_screen(tmp_path: Path) -> None:
    command = sys.executable, "-c", NOISY
    terminal = Terminal(state=tmp_path, command=command, columns=100, rows=30)
    try:
        terminal.wait_for("as loaded")
        terminal.press("escape")
        terminal.press("4")
        terminal.wait_for("[4 Step]")
        terminal.press("space")
        terminal.wait_for("unsaved: 1 update")
        terminal.child.setwinsize(24, 90)
        terminal.screen.resize(24, 90)
        terminal.press("q")
        terminal.wait_for("No file has the last 1 update")
        terminal.press("y")
        assert terminal.wait_for_end() == 0
        assert terminal.is_restored()
        assert "loud" not in terminal.written
        assert terminal.written.endswith("the terminal again\r\n")
    finally:
        terminal.close()
    log = (tmp_path / "tui-trainer" / "log").read_text()
    assert [f"loud-{n}" in log for n in range(1, 6)] == [True] * 5
