"""What the worker told while the terminal stood still: what is lost of it is said."""

import time

import pytest

from tests.fake_engine import FakeEngine
from tests.known import the
from tests.pilot import running, until
from tui_trainer import worker
from tui_trainer.app import TuiTrainer
from tui_trainer.protocol.events import LoopChanged, LoopState
from tui_trainer.protocol.loop_names import GSM8K
from tui_trainer.protocol.numbered import Numbered
from tui_trainer.worker import Worker


def told(app: TuiTrainer) -> list[str]:
    return [notice.message for notice in app._notifications if "terminal" in notice.message]


async def test_reports_that_were_not_kept_are_counted_and_told_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "REPORTS_KEPT", 1)
    engine = FakeEngine(gated=True)
    async with running("escape", "5", "space", engine=lambda _: engine) as (app, pilot):
        await until(pilot, lambda: app.session.is_running(GSM8K))
        engine.gate.release(3)
        deadline = time.monotonic() + 10
        while not (
            (kept := list(the(Worker, app.worker)._reports[GSM8K])) and kept[-1].number == 3
        ):
            assert time.monotonic() < deadline
            time.sleep(0.01)  # nothing is awaited: so it is where a terminal takes no more
        await until(pilot, lambda: told(app))
        engine.gate.release()
        await until(pilot, lambda: app.session._drained[GSM8K] == 4)
        (words,) = told(app)
        assert words.startswith("2 reports of GSM8K came while this terminal took none")


async def test_an_event_that_was_heard_before_is_passed_over() -> None:
    async with running("escape", engine=lambda _: FakeEngine()) as (app, pilot):
        await until(pilot, lambda: app.session.status is not None)
        last = app.session._heard
        session = app.session
        session.hear(Numbered(last + 1, LoopChanged(GSM8K, LoopState.RUNNING)))
        session.hear(Numbered(last + 1, LoopChanged(GSM8K, LoopState.FINISHED)))
        assert session.is_running(GSM8K)
        session.hear(Numbered(last + 2, LoopChanged(GSM8K, LoopState.FINISHED)))
        assert not session.is_live(GSM8K)
