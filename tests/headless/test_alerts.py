"""Alerts of `tui-trainer gsm8k`: a line each on standard error, an object each in the JSON."""

import io
import json
import shlex
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.engine.loop.alerts.test_command import WRITES, over
from tests.headless.conftest import Program
from tests.headless.test_recorded import spoil_item
from tui_trainer.headless.alerts import ring
from tui_trainer.runs.home import run_folders
from tui_trainer.runs.listing import read_run

ITEMS = "gsm8k", "--items", "4", "--skip-not-finite"


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Where the command of `on_alert` writes."""
    return tmp_path / "notes"


@pytest.fixture
def on_alert(tmp_path: Path, notes: Path) -> str:
    script = tmp_path / "writes.py"
    script.write_text(WRITES)
    return shlex.join([sys.executable, str(script), str(notes)])


def test_an_alert_is_told_and_an_object_and_a_line_of_the_run_and_given_to_the_command(
    program: Program, tiny: str, monkeypatch: pytest.MonkeyPatch, on_alert: str, notes: Path
) -> None:
    spoil_item(monkeypatch, 2)
    ended = program(*ITEMS, "--on-alert", on_alert, "--alert-bell", "--model", tiny, "--json")
    over()
    (alert,) = [line for line in ended.lines if line.get("event") == "alert"]
    assert ended.status == 0
    assert ended.err == f"tui-trainer: {alert['says']}\n"
    assert (alert["kind"], alert["step"], alert["value"], alert["items"]) == (
        "not_finite",
        3,
        None,
        [2],
    )
    (run,) = run_folders()
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [line for line in lines if line.get("event") == "alert"] == [alert]
    (following,) = [now for before, now in pairwise(lines) if before == alert]
    assert (following["step"], following["applied"]) == (3, False), "a resumed run has both"
    ((_, fields),) = map(json.loads, notes.read_text().splitlines())
    assert fields["TUI_TRAINER_ALERT_KIND"] == "not_finite"
    assert fields["TUI_TRAINER_ALERT_SAYS"] == alert["says"]
    assert fields["TUI_TRAINER_ALERT_RUN"] == run.name


def test_no_run_on_disk_has_the_command_or_is_believed_to(
    program: Program, tiny: str, monkeypatch: pytest.MonkeyPatch, on_alert: str, notes: Path
) -> None:
    saved = "--checkpoint-every", "2"
    ended = program(*ITEMS, *saved, "--on-alert", on_alert, "--model", tiny)
    assert ended.status == 0
    run = run_folders()[0]
    assert "writes.py" not in (run / "run.json").read_text()
    description = json.loads((run / "run.json").read_text())
    description["settings"]["on_alert"] = on_alert  # as somebody might, who gives the run away
    (run / "run.json").write_text(json.dumps(description))
    assert read_run(run).settings.on_alert == ""
    spoil_item(monkeypatch, 2)
    again = "gsm8k", "--resume", str(run / "checkpoints" / "step-000002"), "--skip-not-finite"
    assert "Step 3 is not applied" in program(*again).err
    over()
    assert not notes.exists()
    program(*again, "--on-alert", on_alert)  # given anew it is run
    over()
    assert len(notes.read_text().splitlines()) == 1


def test_a_command_that_is_not_there_does_nothing_to_the_run(
    program: Program, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil_item(monkeypatch, 0)
    ended = program(*ITEMS, "--on-alert", "/not/there", "--model", tiny, "--json")
    assert (ended.status, len(ended.steps)) == (0, 4)
    cannot = "tui-trainer: --on-alert: /not/there cannot be run (No such file or directory)."
    assert ended.err.splitlines()[1:] == [cannot]


def test_the_bell_is_for_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, rung in ((Terminal(), "\a"), (io.StringIO(), "")):
        monkeypatch.setattr(sys, "stderr", stream)
        ring()
        assert stream.getvalue() == rung


def test_what_the_command_is_told_is_no_setting_of_this_program(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be this program again."""
    monkeypatch.setenv("TUI_TRAINER_ALERT_KIND", "disk")
    assert program("runs").status == 0


def test_a_run_finds_itself_again_whatever_it_alarms_with(
    program: Program, tiny: str, monkeypatch: pytest.MonkeyPatch, on_alert: str, notes: Path
) -> None:
    """Which is no part of what it learns, and which no run keeps."""
    spoil_item(monkeypatch, 2)
    arguments = "gsm8k", "--items", "4", "--model", tiny, "--requeue", "mine"
    assert program(*arguments, "--on-alert", on_alert).status == 1
    again = program(
        *(*arguments, "--on-alert", on_alert, "--spike-score", "off", "--skip-not-finite")
    )
    assert again.status == 0
    assert "going on from step-000002" in again.err
    over()
    assert len(notes.read_text().splitlines()) == 2, "each of the two was given the command"
