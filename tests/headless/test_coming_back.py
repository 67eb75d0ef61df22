"""A start of the app while a session goes on without a view: it says so, and asks."""

import io
import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

import tui_trainer.run_app
from tests.fake_engine import FakeEngine
from tests.link.behind_socket import View, served, soon
from tests.pilot import SECONDS_AT_MOST
from tui_trainer.cli import main
from tui_trainer.headless import coming_back
from tui_trainer.headless.coming_back import offered
from tui_trainer.link.attach import Attach
from tui_trainer.link.finding import detached
from tui_trainer.link.launch import WAITING, is_taken
from tui_trainer.link.place import path_of
from tui_trainer.protocol.loop_names import GSM8K
from tui_trainer.protocol.loops import Train
from tui_trainer.protocol.models import LoadModel, ReadStatus
from tui_trainer.remote_worker import RemoteWorker
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An app that notes only at which session it opens: none is a new one."""
    there: list[str] = []

    def run_app(_: ModelChoice, make_worker: object, _start: object, *, attaches: bool) -> int:
        worker = make_worker(print, print) if callable(make_worker) else None
        assert isinstance(worker, RemoteWorker)
        assert attaches == bool(worker.name)
        there.append(worker.name)
        return 0

    monkeypatch.setattr(tui_trainer.run_app, "run_app", run_app)
    monkeypatch.setenv("TERM", "xterm-256color")
    return there


def type_lines(
    monkeypatch: pytest.MonkeyPatch, typed: str, seconds: float = SECONDS_AT_MOST
) -> None:
    """On a terminal; `seconds` is how long sessions are waited for."""
    stdin = io.StringIO(typed)
    monkeypatch.setattr(stdin, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", stdin)
    monkeypatch.setattr(coming_back, "SECONDS_TO_NOTICE", seconds)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)


@contextmanager
def silent(name: str) -> Iterator[socket.socket]:
    """A socket that takes in whoever comes, and says nothing."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as listening:
        listening.bind(str(path_of(name)))
        listening.listen(1)
        yield listening


def test_enter_is_back_at_the_session_that_was_left_and_n_begins_another(
    opened: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with served(lambda _: FakeEngine(), "1"):
        view = View(Attach("1"))
        view.worker.ask(LoadModel(ModelChoice())).result(SECONDS_AT_MOST)
        train = Train(TrainSettings(items=4))
        view.worker.start_loop(GSM8K, train, playing=False).result(SECONDS_AT_MOST)
        type_lines(monkeypatch, "")
        assert main([]) == 0  # somebody looks at it: nothing is asked
        assert (opened, capsys.readouterr().err) == ([""], "")
        view.worker.leave()
        soon(lambda: detached(SECONDS_AT_MOST))
        for typed in ("\n", "y\n", "1\n", "what?\n\n", "n\n", ""):
            type_lines(monkeypatch, typed)
            assert main([]) == 0
        assert opened[1:] == ["1", "1", "1", "1", "", ""]
        asked = capsys.readouterr().err
        assert asked.startswith("tui-trainer: session 1 (builtin, GSM8K paused, left ")
        assert asked.endswith(" ago) goes on without a view. Attach to it? [Y/n] ")
        type_lines(monkeypatch, "")
        assert main(["--model", "builtin"]) == 0  # who names a model wants that one
        assert (opened[-1], capsys.readouterr().err) == ("", "")


def test_of_several_the_one_left_last_is_under_enter_and_each_can_be_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with served(lambda _: FakeEngine(), "1"), served(lambda _: FakeEngine(), "2"):
        view = View(Attach("1"))
        view.worker.ask(ReadStatus()).result(SECONDS_AT_MOST)
        soon(lambda: [one.name for one in detached(SECONDS_AT_MOST)] == ["2"])
        view.worker.leave()
        soon(lambda: [one.name for one in detached(SECONDS_AT_MOST)] == ["1", "2"])
        for typed, expected in (("\n", "1"), ("2\n", "2"), ("n\n", None)):
            type_lines(monkeypatch, typed)
            assert offered() == expected
        assert "sessions go on without a view: 1 (fake, left " in capsys.readouterr().err


def test_a_session_that_says_nothing_does_not_keep_a_start_waiting(
    opened: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with silent("1"):
        type_lines(monkeypatch, "", seconds=0.1)
        assert main([]) == 0
        waiting = []
        for _ in range(WAITING):  # nor where no more can stand in line
            stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            stream.setblocking(False)
            waiting.append(stream)
            stream.connect_ex(str(path_of("1")))
        assert main([]) == 0
        assert is_taken(path_of("1"))
        for stream in waiting:
            stream.close()
    assert (opened, capsys.readouterr().err) == (["", ""], "")


def test_what_an_engine_has_left_behind_is_no_session(opened: list[str]) -> None:
    with silent("1"):
        pass
    assert main([]) == 2  # standard input is no terminal
    assert detached(0.1) == []
    assert not opened
