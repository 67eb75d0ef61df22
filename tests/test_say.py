"""What is said on standard error: one visible line, and nothing where that is not there."""

import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tui_trainer.say import say


def test_a_sentence_is_one_visible_line(capsys: pytest.CaptureFixture[str]) -> None:
    say("No \x1b[31mred\nhere", limit=100)
    assert capsys.readouterr() == ("", "tui-trainer: No ␛[31mred here\n")


def test_closed_standard_error_is_not_standard_output(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    say("Nobody hears this.")
    assert capsys.readouterr().out == ""


def test_what_cannot_be_written_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    full = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115  # closing it fails too
    monkeypatch.setattr(sys, "stderr", full)
    say("Nobody hears this.")
    with suppress(OSError):
        full.close()
