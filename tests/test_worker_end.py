"""What nothing may end but the end: the worker's thread, and how it and its loops are ended."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future

import pytest

from tests.requests_made_up import WAIT, Call, Loop, Scripted, step
from tests.test_worker import Desk
from tui_trainer.errors import InputError
from tui_trainer.failures import Failure
from tui_trainer.protocol.events import Event, LoopChanged, LoopState, WorkerFailed
from tui_trainer.protocol.loop_reports import Report
from tui_trainer.protocol.numbered import Numbered
from tui_trainer.worker import Worker

RUNNING, PAUSED, STOPPED = LoopState.RUNNING, LoopState.PAUSED, LoopState.STOPPED


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    desk.worker.start()
    yield desk
    assert desk.worker.stop(WAIT)


def raising(error: BaseException) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def failures(desk: Desk) -> list[str]:
    """The sentences of what failed and nobody waited for."""
    return [event.failure.sentence for event in desk.events if isinstance(event, WorkerFailed)]


@pytest.mark.parametrize("error", [ValueError("odd"), SystemExit(3), KeyboardInterrupt("late")])
def test_an_action_that_fails_is_told_and_the_thread_lives(
    desk: Desk, error: BaseException
) -> None:
    desk.worker._do(raising(error))
    desk.settle()
    assert failures(desk) == [f"{type(error).__name__}: {error}"]


class BrokenError(Exception):
    """One that cannot even say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_an_exception_without_words_is_told_as_such(desk: Desk) -> None:
    def fail(engine: Scripted) -> None:
        raise BrokenError

    with pytest.raises(Failure, match=r"BrokenError: it cannot say what it is \(RuntimeError\)"):
        desk.ask(fail)
    desk.settle()


def test_a_post_that_fails_ends_nothing() -> None:
    heard: list[Event] = []

    def post(event: Numbered[Event]) -> None:
        if event.what == LoopChanged("loop", PAUSED):
            raise RuntimeError("the app is closed")
        heard.append(event.what)

    worker = Worker(Scripted, post)
    worker.start()
    worker.start_loop("loop", Loop(Scripted.count)).result(WAIT)
    worker.play("loop", playing=False)
    worker.play("loop", playing=True)
    assert worker.ask(Call(lambda engine: 1)).result(WAIT) == 1
    assert heard == [LoopChanged("loop", RUNNING)] * 2
    assert worker.stop(WAIT)


# Closing


class Run:
    """A loop that somebody else holds too, so that no collector ever ends it."""

    def __init__(self, at_close: Callable[[], None] = lambda: None) -> None:
        self.made = 0
        self.closed_on: list[int] = []
        self._at_close = at_close
        self.reports = self._steps()

    def _steps(self) -> Iterator[Report]:
        try:
            while True:
                self.made += 1
                yield step(self.made)
        finally:
            self.closed_on.append(threading.get_ident())
            self._at_close()

    def make(self, engine: Scripted) -> Iterator[Report]:
        return self.reports

    def count(self, engine: Scripted) -> int:
        return self.made


def begun(desk: Desk, at_close: Callable[[], None] = lambda: None) -> Run:
    run = Run(at_close)
    desk.loop("loop", run.make)
    desk.wait_for(lambda: run.made)
    return run


def test_a_stopped_loop_is_closed_at_once_and_by_the_worker(desk: Desk) -> None:
    run = begun(desk)
    desk.worker.stop_loop("loop")
    desk.settle()
    assert run.closed_on == [desk.worker._thread.ident]
    assert desk.changes("loop") == [RUNNING, STOPPED]


@pytest.mark.parametrize("stop", ["stopped", "replaced"])
def test_what_closing_a_loop_raises_is_told(desk: Desk, stop: str) -> None:
    begun(desk, raising(InputError("The run cannot be written: make room.")))
    if stop == "stopped":
        desk.worker.stop_loop("loop")
    else:
        desk.loop("loop", lambda engine: engine.count(end=1), playing=False)
    desk.settle()
    told = [event for event in desk.events if isinstance(event, LoopChanged) and event.failure]
    assert [event.state for event in told] == [STOPPED]
    assert str(told[0].failure) == "The run cannot be written: make room."


def test_the_end_of_the_thread_closes_every_loop_though_one_of_them_fails() -> None:
    desk = Desk()
    desk.worker.start()
    broken = begun(desk, raising(OSError("no space left")))
    other = Run()
    desk.loop("other", other.make, playing=False)
    desk.worker.advance("other")
    desk.settle()
    assert desk.worker.stop(WAIT)
    assert broken.closed_on == other.closed_on == [desk.worker._thread.ident]
    last = [event for event in desk.events if isinstance(event, LoopChanged)][-2:]
    assert [event.state for event in last] == [STOPPED, STOPPED]
    assert any(event.failure and "no space left" in str(event.failure) for event in last)


# Save and stop


def test_nothing_is_made_between_the_last_request_of_a_loop_and_its_end(desk: Desk) -> None:
    for _ in range(20):
        run = begun(desk)
        saved = desk.worker.end_loop("loop", Call(run.count)).result(WAIT)
        assert (run.made, len(run.closed_on)) == (saved, 1)


def test_a_loop_whose_last_request_fails_is_paused_there(desk: Desk) -> None:
    run = begun(desk)
    made: list[int] = []

    def fail(engine: Scripted) -> None:
        made.append(run.made)
        raise InputError("The disk is full: make room.")

    with pytest.raises(Failure, match="The disk is full"):
        desk.worker.end_loop("loop", Call(fail)).result(WAIT)
    desk.settle()
    assert [run.made] == made
    assert desk.changes("loop") == [RUNNING, PAUSED]
    assert run.closed_on == []


# The end


def test_the_last_request_comes_after_the_step_and_before_the_loops_are_closed() -> None:
    desk = Desk()
    desk.worker.start()
    begun_step, go_on = threading.Event(), threading.Event()
    order: list[str] = []

    def steps(engine: Scripted) -> Iterator[Report]:
        try:
            begun_step.set()
            assert go_on.wait(WAIT)
            order.append("step")
            yield step(1)
            order.append("one too many")
        finally:
            order.append("closed")

    desk.loop("loop", steps)
    assert begun_step.wait(WAIT)
    waiting = desk.worker.ask(Call(lambda engine: order.append("waited")))
    saved = desk.worker.end(Call(lambda engine: order.append("saved")))
    assert desk.worker.has_loops
    assert not desk.worker.stop(0.05)
    go_on.set()
    assert desk.worker.stop(WAIT)
    saved.result(WAIT)
    assert order == ["step", "saved", "closed"]
    assert waiting.cancelled()
    assert not desk.worker.has_loops


def test_a_last_request_that_fails_leaves_the_end_as_it_is() -> None:
    desk = Desk()
    desk.worker.start()
    run = begun(desk)
    saved = desk.worker.end(Call(lambda engine: 1 // 0))
    assert desk.worker.stop(WAIT)
    with pytest.raises(Failure, match="ZeroDivisionError"):
        saved.result(WAIT)
    assert len(run.closed_on) == 1


@pytest.mark.parametrize("started", [True, False])
def test_without_an_engine_there_is_no_last_request(started: bool) -> None:
    desk = Desk()
    if started:
        desk.worker.start()
    saved = desk.worker.end(Call(lambda engine: 1))
    assert desk.worker.stop(WAIT)
    with pytest.raises(CancelledError):
        saved.result(WAIT)


def test_what_is_asked_after_the_end_is_cancelled_and_not_left_waiting() -> None:
    desk = Desk()
    desk.worker.start()
    desk.settle()
    assert desk.worker.stop(WAIT)
    late: list[Future[int]] = [
        desk.worker.ask(Call(lambda engine: 1)),
        desk.worker.end(Call(lambda engine: 1)),
    ]
    for future in late:
        with pytest.raises(CancelledError):
            future.result(WAIT)
