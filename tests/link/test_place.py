"""The folder of the sockets: this user's alone, or none."""

import os
import socket
import stat
import tempfile
from pathlib import Path

import pytest

from tui_trainer.errors import InputError
from tui_trainer.link.launch import free_name, is_taken
from tui_trainer.link.place import is_from_this_user, path_of, place


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tt-"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


def test_nobody_else_can_enter_it(runtime: Path) -> None:
    assert place() == runtime / "tui-trainer"
    assert stat.S_IMODE(place().stat().st_mode) == 0o700


@pytest.mark.parametrize("runtime_dir", ["", "relative", "/" + "long/" * 30])
def test_without_such_a_folder_it_is_in_the_temporary_one(
    runtime_dir: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", runtime_dir)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    assert place() == tmp_path / f"tui-trainer-{os.getuid()}"
    assert stat.S_IMODE(place().stat().st_mode) == 0o700


@pytest.mark.parametrize("kind", ["open to others", "a link", "a file"])
def test_one_that_somebody_else_could_have_made_is_refused(runtime: Path, kind: str) -> None:
    folder = runtime / "tui-trainer"
    if kind == "a link":
        (runtime / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(runtime / "elsewhere")
    elif kind == "a file":
        folder.touch()
    else:
        folder.mkdir()
        folder.chmod(0o770)
    with pytest.raises(InputError, match="tui-trainer"):
        place()


def test_what_an_engine_left_behind_is_put_away_and_its_name_is_free(runtime: Path) -> None:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(path_of("1")))
    listening.listen()
    assert is_taken(path_of("1"))
    assert free_name() == "2"
    listening.close()
    assert free_name() == "1"
    assert not path_of("1").exists()


def test_who_is_at_the_other_end_is_asked_of_the_system() -> None:
    here, there = socket.socketpair(socket.AF_UNIX)
    assert is_from_this_user(here) and is_from_this_user(there)
    here.close()
    there.close()
