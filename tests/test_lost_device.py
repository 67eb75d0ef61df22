"""A device that does nothing more for this process: nothing is sent there; how to go on is told."""

from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest
import torch

from tests.fake_engine import FakeEngine
from tests.pilot import running, shown, until
from tests.requests_made_up import WAIT
from tui_trainer.ending import end_worker
from tui_trainer.engine.models import device_faults
from tui_trainer.engine.models.device_faults import recovers_from
from tui_trainer.failures import Failure
from tui_trainer.lost_device import MUST_RESTART
from tui_trainer.protocol.events import DeviceLost, Event, LoopChanged, LoopState
from tui_trainer.protocol.loops import Train
from tui_trainer.protocol.models import Reload
from tui_trainer.protocol.numbered import Numbered
from tui_trainer.protocol.predictions import Predict
from tui_trainer.protocol.request import Request
from tui_trainer.protocol.tokens import Tokenize
from tui_trainer.protocol.updates import Update
from tui_trainer.screens.dialogs.device_lost import DeviceLostDialog
from tui_trainer.settings.train import TrainSettings
from tui_trainer.worker import Worker

ASSERT = torch.AcceleratorError("CUDA error: device-side assert triggered\nSearch for `cudaErr'")
CPU = torch.device("cpu")


class Broken(FakeEngine):
    """Its device is lost in the third step of a loop, or in any update."""

    def __init__(self, device_error: Exception = ASSERT) -> None:
        super().__init__(losses=(4.0, 3.0, device_error, 2.0))
        self.error = device_error
        self.lost = (torch.AcceleratorError,)
        self.asked: list[str] = []

    def update(self, text: str) -> NoReturn:
        self.asked.append("update")
        raise self.error

    def reload(self) -> NoReturn:
        self.asked.append("reload")
        raise self.error


@pytest.fixture
def broken() -> Broken:
    return Broken()


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def worker(broken: Broken, events: list[Event]) -> Iterator[Worker]:
    def hear(event: Numbered[Event]) -> None:
        events.append(event.what)

    worker = Worker(lambda _: broken, hear)
    worker.start()
    yield worker
    assert worker.stop(WAIT)


def said(worker: Worker, request: Request[object]) -> str:
    """Why it is not answered."""
    with pytest.raises(Failure) as failed:
        worker.ask(request).result(WAIT)
    assert failed.value.traceback is None
    return failed.value.sentence


def test_after_it_nothing_is_sent_there_and_what_needs_none_is_answered(
    worker: Worker, broken: Broken, events: list[Event]
) -> None:
    for request in (Update("def"), Reload(), Update("def"), Predict("def")):
        assert said(worker, request) == MUST_RESTART
    assert broken.asked == ["update"]
    assert worker.ask(Tokenize("def", "builtin")).result(WAIT).first.text == "def"
    (lost,) = [event for event in events if isinstance(event, DeviceLost)]
    assert lost.failure.sentence == "The device failed: CUDA error: device-side assert triggered"
    assert "AcceleratorError" in str(lost.failure.traceback)


def test_an_error_that_the_device_survives_is_an_error_as_any_other(
    worker: Worker, broken: Broken, events: list[Event]
) -> None:
    broken.lost = ()
    with pytest.raises(Failure, match="The device failed: CUDA error: device-side assert"):
        worker.ask(Update("def")).result(WAIT)
    assert worker.ask(Predict("def")).result(WAIT).text == "def"
    assert not [event for event in events if isinstance(event, DeviceLost)]


def test_its_loops_end_and_the_run_with_a_checkpoint_is_named(
    worker: Worker, events: list[Event], capsys: pytest.CaptureFixture[str]
) -> None:
    settings = TrainSettings(items=4, checkpoint_every=2)
    worker.start_loop("gsm8k", Train(settings)).result(WAIT)
    while not any(isinstance(event, DeviceLost) for event in events):
        worker.ask(Tokenize("", "builtin")).result(WAIT)
    changes = [event.state for event in events if isinstance(event, LoopChanged)]
    assert changes[-1] is LoopState.FAILED
    assert not worker.has_loops
    assert end_worker(worker, saves=True)
    assert f"nothing could be saved: {MUST_RESTART}" in capsys.readouterr().err


def test_whether_it_is_lost_is_found_by_asking_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert recovers_from(ASSERT, CPU)
    assert recovers_from(ValueError("no"), CPU)
    monkeypatch.setattr(device_faults, "make_it_compute", failing(ASSERT))
    assert not recovers_from(ASSERT, CPU)
    assert recovers_from(ValueError("no"), CPU)
    assert recovers_from(torch.OutOfMemoryError("CUDA out of memory."), CPU)
    monkeypatch.setattr(
        device_faults, "make_it_compute", failing(RuntimeError("CUDA error: out of memory"))
    )
    assert recovers_from(ASSERT, CPU)


def failing(error: Exception) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


async def test_the_app_says_so_names_what_is_saved_and_ends_with_status_1() -> None:
    engine = Broken()
    async with running("escape", "5", "space", engine=lambda _: engine, size=(100, 40)) as (
        app,
        pilot,
    ):
        await until(pilot, lambda: isinstance(app.screen, DeviceLostDialog))
        told = " ".join(shown(app).replace("│", " ").split())
        assert "The device failed: CUDA error: device-side assert triggered" in told
        assert "the engine must restart" in told
        await pilot.press("escape", "4", "space")
        await until(pilot, lambda: "the engine must restart" in shown(app))
        assert engine.asked == []
        await pilot.press("q")
        await until(pilot, lambda: app.return_code == 1)
