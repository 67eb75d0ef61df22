"""Real engines in processes of their own: how each ends, and what is told of that."""

import json
import os
import signal
import sys
import time
from pathlib import Path
from subprocess import Popen, run
from threading import Event, Thread
from threading import enumerate as enumerate_threads

import pytest

from tests.engines_begun import engines
from tests.link.behind_socket import View, soon
from tests.pilot import SECONDS_AT_MOST
from tui_trainer.failures import Failure
from tui_trainer.link import launch
from tui_trainer.link.attach import Attach
from tui_trainer.link.finding import names
from tui_trainer.link.launch import begin_engine
from tui_trainer.protocol.events import DeviceLost, LoopChanged, LoopState
from tui_trainer.protocol.keeping import EndWork
from tui_trainer.protocol.loop_names import GSM8K
from tui_trainer.protocol.loops import Train
from tui_trainer.protocol.models import LoadModel, ReadStatus
from tui_trainer.runs.description import RunState
from tui_trainer.runs.home import run_folders
from tui_trainer.runs.listing import open_run
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """In every process, for the last bits of a loss."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def test_one_that_nobody_looks_at_ends_by_itself() -> None:
    name, process = begin_engine(idle_minutes=0.01)
    assert name in names()
    assert process.wait(SECONDS_AT_MOST) == 0
    assert name not in names()


def test_one_that_was_left_with_a_run_is_there_for_as_long_after_its_end() -> None:
    """Who comes back once it is done finds it, and not that it ended in the same second."""
    view = View(Attach(idle_minutes=0.05))
    view.worker.ask(LoadModel(ModelChoice("builtin"))).result(SECONDS_AT_MOST)
    name = view.worker.name
    view.worker.start_loop(GSM8K, Train(TrainSettings(items=30))).result(SECONDS_AT_MOST)
    view.worker.leave()
    soon(lambda: [open_run(folder).state for folder in run_folders()] == [RunState.FINISHED])
    finished = time.monotonic()
    soon(lambda: name not in names())
    assert time.monotonic() - finished > 2


def test_one_that_is_given_up_while_it_begins_ends(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process is there, and whoever began it has not heard of that yet."""
    is_there, goes_on = Event(), Event()

    def begin(idle_minutes: float) -> tuple[str, Popen[bytes]]:
        begun = begin_engine(idle_minutes)
        is_there.set()
        assert goes_on.wait(SECONDS_AT_MOST)
        return begun

    monkeypatch.setattr(launch, "begin_engine", begin)
    view = View(Attach())
    assert is_there.wait(SECONDS_AT_MOST)
    giving_up = Thread(target=view.attach.terminate)
    giving_up.start()
    giving_up.join(0.1)
    goes_on.set()
    giving_up.join()
    soon(lambda: not engines(place))


def test_a_view_that_quits_before_its_engine_is_there_leaves_none(place: Path) -> None:
    view = View(Attach())
    view.worker.end(EndWork(saves=False))
    soon(lambda: not [one for one in enumerate_threads() if one.name == "attach"])
    soon(lambda: not engines(place))
    assert not view.events


def test_a_killed_engine_is_told_within_a_second_and_so_is_what_ended_it(place: Path) -> None:
    view = View(Attach())
    assert view.worker.ask(ReadStatus()).result(SECONDS_AT_MOST) == (None,)
    (process,) = engines(place)
    os.kill(process, signal.SIGKILL)
    killed = time.monotonic()
    soon(lambda: view.events and isinstance(view.events[-1], DeviceLost))
    seconds = time.monotonic() - killed
    lost = view.events[-1]
    assert isinstance(lost, DeviceLost) and lost.engine_ended
    assert "SIGKILL" in lost.failure.sentence
    with pytest.raises(Failure):
        view.worker.ask(ReadStatus()).result(SECONDS_AT_MOST)
    assert seconds < SECONDS_AT_MOST  # about 0.05 s where nothing else runs

    view.worker.restart()  # and another one answers in its place
    assert view.worker.ask(ReadStatus()).result(SECONDS_AT_MOST) == (None,)
    assert len(engines(place)) == 1
    run([sys.executable, "-m", "tui_trainer", "sessions", "stop", view.worker.name], check=True)
    assert not engines(place)


def test_a_loop_goes_on_without_a_view_and_is_saved_when_its_engine_is_told_to_end() -> None:
    view = View(Attach())
    view.worker.ask(LoadModel(ModelChoice("builtin"))).result(SECONDS_AT_MOST)
    train = Train(TrainSettings(items=5_000))
    view.worker.start_loop(GSM8K, train).result(SECONDS_AT_MOST)
    soon(lambda: view.worker.drain(GSM8K))
    view.worker.leave()
    command = [sys.executable, "-m", "tui_trainer", "sessions", "--json"]
    listed = run(command, check=True, capture_output=True, text=True).stdout
    (told,) = map(json.loads, listed.splitlines())
    assert (told["views"], told["loops"], told["model"]) == (0, {"gsm8k": "running"}, "builtin")
    assert told["alone_seconds"] >= 0

    again = View(Attach(told["name"]))
    soon(lambda: again.others and len(again.worker.drain(GSM8K)) > 0)
    os.kill(told["pid"], signal.SIGTERM)
    soon(lambda: again.events and isinstance(again.events[-1], DeviceLost))
    assert LoopChanged(GSM8K, LoopState.STOPPED) in again.events
    (folder,) = run_folders()
    saved = open_run(folder)
    assert saved.checkpoints == (saved.description.tally.step,)
    again.worker.leave()
