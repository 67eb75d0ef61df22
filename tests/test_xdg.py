"""Folders of the user's, and their names as a shell takes them."""

from pathlib import Path

import pytest

from tui_trainer.xdg import from_home


def test_a_path_in_the_home_is_told_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert from_home(Path("/home/ada/.local/share/tui-trainer/runs")) == (
        "~/.local/share/tui-trainer/runs"
    )
    assert from_home(Path("/scratch/ada/tui-trainer/runs")) == "/scratch/ada/tui-trainer/runs"
    assert from_home(Path("/home/adam/runs")) == "/home/adam/runs"
