"""A step of many parts: one key makes all of it, and requests are answered in between."""

import threading
from collections.abc import Iterator

import pytest

from tests.known import the
from tests.requests_made_up import WAIT, Call, Loop, step
from tests.test_worker import Desk
from tui_trainer import live_loop
from tui_trainer.protocol.events import LoopChanged, LoopState
from tui_trainer.protocol.loop_reports import Report
from tui_trainer.reports.loop import HaltReport, PartReport, SampleReport, ValidationReport


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    desk.worker.start()
    yield desk
    assert desk.worker.stop(WAIT)


def parted(gate: threading.Semaphore, seen: list[str]) -> Iterator[Report]:
    """Steps of three parts and a whole; each part waits for the gate."""
    for number in (1, 2):
        for part in range(3):
            assert gate.acquire(timeout=WAIT)
            seen.append(f"part {part} of {number}")
            yield PartReport("validating", part / 3)
        yield step(number)


def test_one_step_goes_on_to_its_end_and_requests_come_between_its_parts(desk: Desk) -> None:
    gate = threading.Semaphore(0)
    seen: list[str] = []
    desk.loop("loop", lambda engine: parted(gate, seen), playing=False)
    desk.worker.advance("loop")
    desk.worker.ask(Call(lambda engine: seen.append("request")))
    gate.release(3)
    desk.wait_for(lambda: len(desk.worker._reports["loop"]) == 4)
    desk.settle()
    assert seen == ["part 0 of 1", "request", "part 1 of 1", "part 2 of 1"]
    assert desk.drain("loop")[-1] == step(1)
    assert not desk.worker._loops["loop"].playing
    gate.release(3)
    desk.worker.advance("loop")
    desk.wait_for(lambda: len(desk.worker._reports["loop"]) == 4)
    assert desk.drain("loop")[-1] == step(2)


def test_what_is_measured_is_no_step_of_those_that_were_asked_for(desk: Desk) -> None:
    gate = threading.Semaphore(6)
    desk.loop("loop", lambda engine: parted(gate, []), playing=False)
    desk.worker.play("loop", playing=True, steps=2)
    desk.wait_for(lambda: len(desk.worker._reports["loop"]) == 8)
    desk.settle()
    assert not desk.worker._loops["loop"].playing
    assert desk.drain("loop")[-1] == step(2)


def test_one_step_is_made_with_what_is_measured_before_it(desk: Desk) -> None:
    measured = ValidationReport(0, 2, 1.0, 1.0, 1.0, 3, 3, False, 0.1), SampleReport(0, (), 0.1)
    desk.loop("loop", lambda engine: iter((*measured, step(1), *measured, step(2))), playing=False)
    for number in (1, 2):
        desk.worker.advance("loop")
        desk.wait_for(lambda: len(desk.worker._reports["loop"]) == 3)
        desk.settle()
        assert desk.drain("loop") == [*measured, step(number)]
    assert "loop" in desk.worker._loops


def test_the_rest_of_a_step_is_not_made_by_the_loop_that_comes_after(desk: Desk) -> None:
    gate = threading.Semaphore(0)
    seen: list[str] = []
    desk.loop("loop", lambda engine: parted(gate, seen), playing=False)
    desk.worker.advance("loop")
    desk.worker.stop_loop("loop")
    started = desk.worker.start_loop("loop", Loop(lambda engine: engine.count()), playing=False)
    gate.release(1)
    started.result(WAIT)
    desk.settle()
    assert desk.drain("loop") == []
    assert seen == ["part 0 of 1"]


def test_a_loop_that_cannot_go_on_pauses_says_why_and_goes_on_when_it_is_told_to(
    desk: Desk,
) -> None:
    reports = step(1), HaltReport(2, "The disk is full: make room."), step(2), step(3)
    desk.loop("loop", lambda engine: iter(reports), playing=False)
    desk.worker.play("loop", playing=True)
    desk.wait_for(lambda: len(desk.worker._reports["loop"]) == 2)
    desk.settle()
    last = desk.events[-1]
    assert isinstance(last, LoopChanged)
    assert (last.state, str(last.failure)) == (LoopState.PAUSED, "The disk is full: make room.")
    assert len(desk.drain("loop")) == 2
    desk.worker.play("loop", playing=True)
    desk.wait_for(lambda: LoopState.FINISHED in desk.changes("loop"))
    assert desk.drain("loop") == [step(2), step(3)]


def test_one_step_that_cannot_be_made_is_told_as_such_last(desk: Desk) -> None:
    halt = HaltReport(1, "The disk is full: make room.")
    desk.loop("loop", lambda engine: iter((halt, step(1))), playing=False)
    desk.worker.advance("loop")
    desk.settle()
    last = the(LoopChanged, desk.events[-1])
    assert (last.name, last.state) == ("loop", LoopState.PAUSED)
    assert str(last.failure) == "The disk is full: make room."
    desk.worker.advance("loop")
    desk.settle()
    assert desk.drain("loop") == [halt, step(1)]


def test_a_loop_that_stands_goes_on_by_itself_when_it_can_and_says_so_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_loop, "RETRY_SECONDS", 0.01)
    full = HaltReport(2, "The disk is full: make room.", may_pass=True)
    desk.loop("loop", lambda engine: iter((step(1), full, full, full, step(2))), playing=False)
    desk.worker.play("loop", playing=True)
    desk.wait_for(lambda: LoopState.FINISHED in desk.changes("loop"))
    assert desk.drain("loop") == [step(1), full, full, full, step(2)]
    assert [event.state for event in desk.events if isinstance(event, LoopChanged)][1:] == [
        LoopState.RUNNING,
        LoopState.PAUSED,
        LoopState.RUNNING,
        LoopState.FINISHED,
    ]


def test_a_single_step_that_stood_is_made_and_no_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_loop, "RETRY_SECONDS", 0.01)
    full = HaltReport(1, "The disk is full: make room.", may_pass=True)
    desk.loop("loop", lambda engine: iter((full, full, step(1), step(2))), playing=False)
    desk.worker.advance("loop")
    desk.wait_for(lambda: step(1) in desk.reported("loop"))
    desk.settle()
    assert desk.drain("loop") == [full, full, step(1)]
    assert desk.changes("loop")[-1] is LoopState.PAUSED


def test_a_loop_that_is_paused_while_it_stands_is_not_tried_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_loop, "RETRY_SECONDS", 0.2)
    full = HaltReport(1, "The disk is full: make room.", may_pass=True)
    desk.loop("loop", lambda engine: iter((full, step(1))), playing=False)
    desk.worker.play("loop", playing=True)
    desk.wait_for(lambda: full in desk.reported("loop"))
    desk.worker.play("loop", playing=False)
    desk.settle()
    assert desk.worker._loops["loop"].retry is None
    assert desk.worker.patience() is None


def test_a_loop_that_stands_until_there_is_room_is_no_idle_one(desk: Desk) -> None:
    """Its engine would end with what was learned in memory alone."""
    full = HaltReport(1, "The disk is full: make room.", may_pass=True)
    desk.loop("loop", lambda engine: iter((full, full)), playing=False)
    assert desk.worker.patience() is None
    desk.worker.play("loop", playing=True)
    desk.wait_for(lambda: full in desk.reported("loop"))
    assert desk.worker.patience() is not None
