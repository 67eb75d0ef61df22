"""The app and its worker as if they were two processes: all that crosses does so as bytes."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

import pytest

from tests.fake_engine import FakeEngine
from tests.pilot import running, shown, until
from tui_trainer.errors import InputError
from tui_trainer.failures import Failure
from tui_trainer.protocol import wire
from tui_trainer.protocol.events import Event
from tui_trainer.protocol.loop_reports import Report
from tui_trainer.protocol.numbered import Numbered
from tui_trainer.protocol.request import LoopRequest, Request
from tui_trainer.screens.dialogs.question import QuestionDialog
from tui_trainer.worker import Worker

Reply = TypeVar("Reply")


def over_bytes(request: Request[Reply], there: "Future[Reply]") -> "Future[Reply]":
    """The future on the other side, which has the reply as it is read."""
    here: Future[Reply] = Future()

    def answer(done: "Future[Reply]") -> None:
        if done.cancelled():
            here.cancel()
            return
        failure = done.exception()
        reply = done.result() if failure is None else failure
        try:
            here.set_result(wire.read_reply(request, wire.write_reply(reply)))
        except Failure as told:
            here.set_exception(told)

    there.add_done_callback(answer)
    return here


class WorkerOverBytes(Worker):
    """Hands the thread nothing but what was read from bytes, and gives nothing else."""

    def ask(self, request: Request[Reply]) -> "Future[Reply]":
        read = wire.read_request(wire.write_request(request))
        assert isinstance(read, Request)
        return over_bytes(request, super().ask(read))

    def end_loop(self, name: str, last: Request[Reply]) -> "Future[Reply]":
        read = wire.read_request(wire.write_request(last))
        assert isinstance(read, Request)
        return over_bytes(last, super().end_loop(name, read))

    def start_loop(
        self,
        name: str,
        request: LoopRequest[Report],
        *,
        playing: bool = True,
        check: Callable[[], None] = lambda: None,
        begun: Callable[[], None] = lambda: None,
    ) -> "Future[None]":
        read = wire.read_request(wire.write_request(request))
        assert isinstance(read, LoopRequest)
        return super().start_loop(name, read, playing=playing, check=check, begun=begun)

    def drain(self, name: str) -> list[Numbered[Report]]:
        return [wire.read_report(wire.write_report(report)) for report in super().drain(name)]

    def _send(self, event: Event) -> None:
        super()._send(wire.read_event(wire.write_event(Numbered(1, event))).what)


async def test_screens_ask_for_nothing_that_is_no_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_trainer.worker.Worker", WorkerOverBytes)
    engine = FakeEngine()
    async with running("escape", "2", engine=lambda _: engine) as (app, pilot):
        assert isinstance(app.worker, WorkerOverBytes)
        await until(pilot, lambda: app.session.chosen_position is not None)
        await pilot.press("g", "p")  # sampled, until z ends the text
        await until(pilot, lambda: engine._sampling.greedy is False)
        await until(pilot, lambda: app.session.loops.get("predict") is not None)
        await until(pilot, lambda: not app.session.is_live("predict"))
        await pilot.press("4", "space")
        await until(pilot, lambda: app.session.status is not None and app.session.status.updates)
        engine.refuse_checkpoint = InputError("The disk is full: make room.")
        await pilot.press("c")
        await until(pilot, lambda: "The disk is full" in shown(app))
        await pilot.press("5", "space")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        await pilot.press("r")
        await until(pilot, lambda: app.session.loops.get("gsm8k") is not None)
        await until(pilot, lambda: not app.session.is_live("gsm8k"))
        assert len(engine.trained_with) == 1
