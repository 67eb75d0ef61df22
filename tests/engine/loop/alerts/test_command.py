"""`--on-alert`: beside the loop, by no shell, bounded, and told once where it fails."""

import json
import shlex
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui_trainer.engine.loop.alerts import command
from tui_trainer.engine.loop.alerts.command import AlertCommand, told_by_command
from tui_trainer.errors import InputError
from tui_trainer.reports.alerts import Alert
from tui_trainer.reports.loop import HaltReport, LoopReport
from tui_trainer.settings.train import TrainSettings

ALERT = Alert("loss_spike", 120, "It is 8; `rm -rf $HOME` \x00", 8.25, 0.5, 31.0, (7, 119))
WRITES = """
import json, os, sys
found = {name: value for name, value in os.environ.items() if "ALERT_" in name}
with open(sys.argv[1], "a") as file:
    file.write(json.dumps([sys.argv[2:], found]) + "\\n")
"""


def over() -> None:
    """Wait until no command runs."""
    for thread in threading.enumerate():
        if thread.name == command.THREAD:
            thread.join()


def told(words: str, alert: Alert = ALERT) -> list[str]:
    """What is told of a command after it was run."""
    asked = AlertCommand(words, lambda: "a run", seconds=0.5)
    asked.tell(alert)
    over()
    return [*asked.pop_trouble(), *asked.pop_trouble()]


def test_the_fields_are_in_its_environment_and_no_shell_reads_them(tmp_path: Path) -> None:
    script, out = tmp_path / "writes.py", tmp_path / "it's out"
    script.write_text(WRITES)
    words = [sys.executable, str(script), str(out), "$HOME", "; touch here", "a b"]
    assert told(shlex.join(words)) == []
    (line,) = out.read_text().splitlines()
    given, found = json.loads(line)
    assert given == ["$HOME", "; touch here", "a b"]
    assert found == {
        "TUI_TRAINER_ALERT_KIND": "loss_spike",
        "TUI_TRAINER_ALERT_STEP": "120",
        "TUI_TRAINER_ALERT_SAYS": "It is 8; `rm -rf $HOME` ",
        "TUI_TRAINER_ALERT_VALUE": "8.25",
        "TUI_TRAINER_ALERT_USUAL": "0.5",
        "TUI_TRAINER_ALERT_SCORE": "31.0",
        "TUI_TRAINER_ALERT_ITEMS": "7 119",
        "TUI_TRAINER_ALERT_TOKEN": "",
        "TUI_TRAINER_ALERT_TOKEN_LOSS": "",
        "TUI_TRAINER_ALERT_LAYER": "",
        "TUI_TRAINER_ALERT_RUN": "a run",
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("/not/there --now", "--on-alert: /not/there cannot be run (No such file or directory)."),
        ("false", "--on-alert: false ended with status 1."),
        ("sleep 600", "--on-alert: sleep did not end within 0.5 s, and was ended."),
    ],
)
def test_a_command_that_fails_is_told_once(words: str, said: str) -> None:
    assert told(words) == [said]


def test_a_loop_goes_on_while_it_runs_and_more_than_a_few_are_not_begun() -> None:
    """Ten alerts, and a command that ends with the test: no report waits for it."""
    asked = AlertCommand("sleep 600", lambda: "", seconds=0.3)
    for _ in range(10):
        asked.tell(ALERT)
    running = [thread for thread in threading.enumerate() if thread.name == command.THREAD]
    assert 1 <= len(running) <= command.AT_ONCE
    over()


def test_what_the_loop_tells_is_passed_on(tmp_path: Path) -> None:
    halt = HaltReport(3, "why", alerts=(ALERT,))

    def loop() -> Iterator[LoopReport]:
        yield halt

    assert list(told_by_command(loop(), f"touch {tmp_path / 'rung'}", lambda: "")) == [halt]
    over()
    assert (tmp_path / "rung").exists()
    reports = loop()
    assert told_by_command(reports, " ", lambda: "") is reports


def test_what_cannot_be_split_is_refused_with_the_settings() -> None:
    with pytest.raises(InputError, match="The command of an alert cannot be split"):
        TrainSettings(on_alert="mail 'me")


def test_a_system_that_gives_no_thread_does_nothing_to_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    asked = AlertCommand("true", lambda: "")
    for _ in range(2 * command.AT_ONCE):
        asked.tell(ALERT)
    assert asked.pop_trouble() == ("--on-alert: true cannot be run (can't start new thread).",)
    assert asked.pop_trouble() == ()
