"""The end of the app's worker: the step is finished and told of, what is unsaved is saved first."""

import os
import signal
import threading
from pathlib import Path

import pytest

from tests.fake_engine import FakeEngine
from tests.known import the
from tests.requests_made_up import Call, Scripted
from tests.runs_on_disk import write_run
from tui_trainer.app import TuiTrainer
from tui_trainer.ending import end_worker
from tui_trainer.engine.start import make_engine
from tui_trainer.errors import InputError
from tui_trainer.protocol.events import Event, LoopChanged, LoopState
from tui_trainer.protocol.keeping import Save
from tui_trainer.protocol.loops import Train
from tui_trainer.protocol.models import ReadStatus
from tui_trainer.reports.runs import Kept, SavedReport
from tui_trainer.run_app import run_app
from tui_trainer.runs.home import WRITER_FILE
from tui_trainer.runs.json_files import write_json
from tui_trainer.runs.presence import RunningWriter, machine
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings
from tui_trainer.signals import ENDING, Heard, Patience
from tui_trainer.worker import Worker, in_this_process

WAIT = 10.0


def training(engine: FakeEngine) -> tuple[Worker, list[Event]]:
    """A worker in the middle of the first step of a loop, which waits for the engine's gate."""
    events: list[Event] = []
    worker = Worker(lambda progress: engine, lambda event: events.append(event.what))
    worker.start()
    settings = TrainSettings(checkpoint_at_end=False)
    worker.start_loop("gsm8k", Train(settings)).result(WAIT)
    return worker, events


def test_a_step_that_takes_long_is_waited_for_and_told(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tui_trainer.ending.PATIENCE", 0.05)
    engine = FakeEngine(gated=True)
    worker, events = training(engine)
    threading.Timer(0.3, engine.gate.release).start()
    assert end_worker(worker, saves=False)
    assert capfd.readouterr().err == "tui-trainer: finishing the step; ctrl+c ends at once\n"
    assert the(LoopChanged, events[-1]).state is LoopState.STOPPED
    assert (engine._step, engine.checkpoints) == (1, [])


def test_what_no_file_has_is_saved_and_told_with_its_run(
    capfd: pytest.CaptureFixture[str],
) -> None:
    engine = FakeEngine(gated=True)
    worker, events = training(engine)
    engine.gate.release()
    assert end_worker(worker, saves=True)
    assert engine.checkpoints == [1]
    told = capfd.readouterr().err
    assert told.startswith("tui-trainer: Run 2026-01-01-fake-1 stopped at step 1, saved; ")
    assert told.endswith("gsm8k --resume /runs/2026-01-01-fake-1\n")
    assert the(LoopChanged, events[-1]).state is LoopState.STOPPED


def test_what_the_user_saved_and_quit_with_is_told_with_what_loads_it(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """It was told on a screen that was gone a moment later."""
    worker = Worker(lambda progress: FakeEngine(), lambda event: None)
    worker.start()
    worker.ask(ReadStatus()).result(WAIT)
    name = "2026-11-30-builtin-model-2"
    saved = SavedReport(name, f"/data/models/{name}", 36, 17_000_000, 0.1)
    assert end_worker(worker, saves=False, saved=Kept(model=saved))
    told = " ".join(capfd.readouterr().err.split())
    assert f"36 updates are saved as the model {name}; go on with: " in told
    assert told.endswith(f"--model /data/models/{name}")


def test_where_nothing_is_to_be_said_it_is_told_what_was_made(
    capfd: pytest.CaptureFixture[str],
) -> None:
    worker = Worker(lambda progress: FakeEngine(), lambda event: None)
    worker.start()
    worker.ask(ReadStatus()).result(WAIT)
    assert end_worker(worker, saves=False, otherwise="Run a is kept.")
    assert capfd.readouterr().err == "tui-trainer: Run a is kept.\n"


def test_a_save_that_fails_at_the_end_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    engine = FakeEngine(gated=True)
    engine.refuse_checkpoint = InputError("The disk is full: make room.")
    worker, _ = training(engine)
    engine.gate.release()
    assert end_worker(worker, saves=True)
    said = "tui-trainer: nothing could be saved: The disk is full: make room.\n"
    assert capfd.readouterr().err == said


def test_what_is_saved_already_is_not_saved_again(capfd: pytest.CaptureFixture[str]) -> None:
    engine = FakeEngine(gated=True)
    worker, _ = training(engine)
    engine.gate.release()
    worker.end_loop("gsm8k", Save()).result(WAIT)
    assert end_worker(worker, saves=True)
    assert len(engine.checkpoints) == 1
    assert "stopped at step 1, saved; go on with: " in capfd.readouterr().err


@pytest.mark.parametrize("losses", [(4.0,), (4.0, 3.0)], ids=["at its end", "without a checkpoint"])
def test_of_a_run_that_cannot_go_on_nothing_is_told(
    losses: tuple[float, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    engine = FakeEngine(losses, gated=True)
    worker, _ = training(engine)
    engine.gate.release()
    assert end_worker(worker, saves=False)
    assert capfd.readouterr().err == ""


def test_a_request_that_can_lose_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_trainer.ending.PATIENCE", 0.05)
    worker = Worker(Scripted, print)
    worker.start()
    begun, go_on = threading.Event(), threading.Event()

    def load(engine: Scripted) -> None:
        begun.set()
        go_on.wait(WAIT)

    worker.ask(Call(load))
    assert begun.wait(WAIT)
    assert not end_worker(worker, saves=False)
    go_on.set()
    assert worker.stop(WAIT)


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_while_the_app_ends_waits_for_the_step_and_is_its_status(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int
) -> None:
    """As after q: the app has gone, and with it its own handlers."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("tui_trainer.run_app.log_to_file", lambda: None)
    monkeypatch.setattr("tui_trainer.run_app.logging.shutdown", lambda: None)
    monkeypatch.setattr("tui_trainer.ending.PATIENCE", 0.05)
    engine = FakeEngine(gated=True)
    heard: list[list[Event]] = []

    def signalled() -> None:
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)  # the group was told too
        engine.gate.release()

    def run(app: TuiTrainer) -> None:
        app.worker, events = training(engine)
        heard.append(events)
        threading.Timer(0.2, signalled).start()

    monkeypatch.setattr(TuiTrainer, "run", run)
    before = signal.signal(number, lambda *_: None)
    try:
        assert run_app(ModelChoice(), in_this_process(make_engine)) == 128 + number
        assert signal.getsignal(number) is not before
    finally:
        signal.signal(number, before)
    assert the(LoopChanged, heard[0][-1]).state is LoopState.STOPPED
    assert engine._step == 1


def test_the_app_ends_in_the_grace_of_its_run_while_a_step_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("tui_trainer.run_app.log_to_file", lambda: None)
    monkeypatch.setattr("tui_trainer.run_app.logging.shutdown", lambda: None)
    engine = FakeEngine(gated=True)
    statuses: list[int] = []
    folder = write_run(settings=TrainSettings(grace=1), steps=9, checkpoints=(2,))
    writer = RunningWriter(machine(), os.getpid(), 0.0, locked=True)
    write_json(folder / WRITER_FILE, writer)

    def run(app: TuiTrainer) -> None:
        app.worker, _ = training(engine)
        app._end_by(signal.SIGTERM)

    def end(status: int) -> None:
        statuses.append(status)
        engine.gate.release()

    monkeypatch.setattr(TuiTrainer, "run", run)
    monkeypatch.setattr("tui_trainer.grace.os._exit", end)
    run_app(ModelChoice(), in_this_process(make_engine))
    assert statuses == [143]
    said = capsys.readouterr().err
    assert "not finished in the 1 s of grace. " in said
    assert f"Run {folder.name} stopped at step 3; go on from its checkpoint of step 2 with" in said


def test_a_second_signal_is_told_from_the_first_and_what_comes_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr("tui_trainer.signals.time.monotonic", lambda: now[0])
    patience = Patience()
    assert patience.hear(signal.SIGTERM) is Heard.END
    assert patience.hear(signal.SIGTERM) is Heard.NOTHING  # `timeout` tells the group too
    now[0] += 5
    assert patience.hear(signal.SIGHUP) is Heard.NOTHING  # a terminal closes more than once
    assert patience.hear(signal.SIGTERM) is Heard.END_AT_ONCE


def test_what_a_scheduler_sends_after_its_notice_is_no_second_signal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr("tui_trainer.signals.time.monotonic", lambda: now[0])
    patience = Patience()
    assert patience.hear(signal.SIGUSR1) is Heard.END
    now[0] += 60
    assert patience.hear(signal.SIGUSR1) is Heard.NOTHING  # each step of a job is told
    now[0] += 60
    assert patience.hear(signal.SIGTERM) is Heard.NOTHING  # the time is over, SIGKILL is to come
    now[0] += 5
    assert patience.hear(signal.SIGTERM) is Heard.END_AT_ONCE
    by_hand = Patience()
    by_hand.hear(signal.SIGUSR2)
    now[0] += 5
    assert by_hand.hear(signal.SIGINT) is Heard.END_AT_ONCE
