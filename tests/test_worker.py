"""The worker's thread with a scripted engine: requests, loops, failures, the end."""

import gc
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError as FutureCancelledError

import pytest

from tests.known import present, the
from tests.requests_made_up import WAIT, Call, Loop, Scripted, step
from tui_trainer.errors import CancelledError, InputError
from tui_trainer.failures import Failure, describe_failure
from tui_trainer.protocol.events import Doing, Event, LoopChanged, LoopState
from tui_trainer.protocol.loop_reports import Report
from tui_trainer.protocol.models import LoadModel
from tui_trainer.protocol.numbered import Numbered, missed
from tui_trainer.reports.generation import GeneratedToken
from tui_trainer.reports.models import LoadProgress
from tui_trainer.reports.progress import Progress
from tui_trainer.settings.model import ModelChoice
from tui_trainer.worker import REPORTS_KEPT, Worker

RUNNING, PAUSED = LoopState.RUNNING, LoopState.PAUSED
FINISHED, STOPPED, FAILED = LoopState.FINISHED, LoopState.STOPPED, LoopState.FAILED


class Desk:
    """A worker, and what it posted."""

    def __init__(self, make: Callable[[Progress], Scripted] = Scripted) -> None:
        self.events: list[Event] = []
        self.worker = Worker(make, self._hear)

    def _hear(self, event: Numbered[Event]) -> None:
        self.events.append(event.what)

    def reported(self, name: str) -> list[Report]:
        """What the next `drain` will take, as far as it is there."""
        return [report.what for report in list(self.worker._reports[name])]

    def drain(self, name: str) -> list[Report]:
        return [report.what for report in self.worker.drain(name)]

    def ask(self, request: Callable[[Scripted], object]) -> object:
        return self.worker.ask(Call(request)).result(WAIT)

    def loop(
        self, name: str, make: Callable[[Scripted], Iterator[Report]], *, playing: bool = True
    ) -> None:
        self.worker.start_loop(name, Loop(make), playing=playing).result(WAIT)

    def settle(self) -> None:
        """Wait until everything asked so far is done."""
        self.ask(lambda engine: None)

    def changes(self, name: str) -> list[LoopState]:
        changes = [event for event in self.events if isinstance(event, LoopChanged)]
        return [change.state for change in changes if change.name == name]

    def wait_for(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + WAIT
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.002)


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    desk.worker.start()
    yield desk
    assert desk.worker.stop(WAIT)


# Requests


def test_a_request_runs_on_the_workers_thread_and_is_answered(desk: Desk) -> None:
    thread = desk.ask(lambda engine: (engine.thread, threading.get_ident()))
    assert thread == (desk.worker._thread.ident, desk.worker._thread.ident)


def test_requests_are_answered_in_the_order_they_were_asked(desk: Desk) -> None:
    seen: list[int] = []

    def see(number: int) -> Call[None]:
        return Call(lambda engine: seen.append(number))

    for number in range(50):
        desk.worker.ask(see(number))
    desk.settle()
    assert seen == list(range(50))


def test_the_engine_is_made_once_and_not_before_the_first_request() -> None:
    made: list[Scripted] = []

    def make(progress: Progress) -> Scripted:
        made.append(Scripted(progress))
        return made[-1]

    desk = Desk(make)
    desk.worker.start()
    time.sleep(0.02)
    assert made == []
    assert desk.ask(lambda engine: engine) is desk.ask(lambda engine: engine) is made[0]
    assert desk.worker.stop(WAIT)


def test_an_input_error_is_its_sentence_alone(desk: Desk) -> None:
    def refuse(engine: Scripted) -> None:
        raise InputError("Type a second token.")

    with pytest.raises(Failure) as failed:
        desk.ask(refuse)
    assert (failed.value.sentence, failed.value.traceback) == ("Type a second token.", None)
    desk.settle()


@pytest.mark.parametrize("error", [ZeroDivisionError("zero"), SystemExit(3), KeyboardInterrupt()])
def test_anything_else_keeps_its_traceback_and_the_thread_lives(
    desk: Desk, error: BaseException
) -> None:
    def fail(engine: Scripted) -> None:
        raise error

    with pytest.raises(Failure) as failed:
        desk.ask(fail)
    assert failed.value.sentence == f"{type(error).__name__}: {error}"
    assert "in fail" in str(failed.value.traceback)
    assert not failed.value.cancelled
    desk.settle()


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory."),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
    ],
)
def test_out_of_memory_is_told_in_the_users_words(error: BaseException) -> None:
    failure = describe_failure(error)
    assert failure.sentence.startswith("There is not enough memory for this; the weights are as")
    assert failure.traceback is None


def test_an_engine_that_cannot_be_made_fails_each_request_until_it_can() -> None:
    tries: list[int] = []

    def make(progress: Progress) -> Scripted:
        tries.append(1)
        if len(tries) < 3:
            raise ImportError("libtorch.so: cannot open shared object file")
        return Scripted(progress)

    desk = Desk(make)
    desk.worker.start()
    for _ in range(2):
        with pytest.raises(Failure, match=r"^ImportError: libtorch\.so: cannot open"):
            desk.settle()
    desk.settle()
    assert desk.worker.stop(WAIT)


def test_a_failure_to_make_the_engine_fails_a_loop_too() -> None:
    def make(progress: Progress) -> Scripted:
        raise ImportError("no torch")

    desk = Desk(make)
    desk.worker.start()
    with pytest.raises(Failure, match="no torch"):
        desk.loop("loop", lambda engine: engine.count())
    assert desk.events == []
    assert desk.worker.stop(WAIT)


class Big:
    """Something that a test can see being freed."""


def test_a_reply_is_not_kept_alive_by_the_thread(desk: Desk) -> None:
    reply = desk.ask(lambda engine: Big())
    kept = weakref.ref(reply)
    del reply
    desk.wait_for(lambda: gc.collect() is not None and kept() is None)


def test_nothing_of_a_failure_is_kept_alive(desk: Desk) -> None:
    kept: list[weakref.ref[Big]] = []

    def fail(engine: Scripted) -> None:
        big = Big()
        kept.append(weakref.ref(big))
        raise RuntimeError("with a big local")

    future = desk.worker.ask(Call(fail))
    failure = future.exception(WAIT)
    assert isinstance(failure, Failure)
    desk.wait_for(lambda: gc.collect() is not None and kept[0]() is None)


def test_a_request_whose_future_was_cancelled_is_not_run(desk: Desk) -> None:
    started, go_on = threading.Event(), threading.Event()
    ran: list[int] = []

    def hold(engine: Scripted) -> None:
        started.set()
        go_on.wait(WAIT)

    desk.worker.ask(Call(hold))
    assert started.wait(WAIT)
    late = desk.worker.ask(Call(lambda engine: ran.append(1)))
    assert late.cancel()
    go_on.set()
    desk.settle()
    assert ran == []


def test_it_says_what_it_does_while_it_does_it(desk: Desk) -> None:
    seen: list[Doing | None] = []

    def look() -> None:
        seen.append(desk.worker.doing)

    desk.ask(lambda engine: setattr(engine, "loading", look))
    desk.worker.ask(LoadModel(ModelChoice())).result(WAIT)
    doing = present(seen.pop())
    assert doing.what == LoadModel.doing == "Loading"
    assert 0 <= time.monotonic() - doing.since < WAIT
    desk.wait_for(lambda: desk.worker.doing is None)


# Loops


def test_a_loop_runs_to_its_end_and_tells_every_step(desk: Desk) -> None:
    desk.loop("loop", lambda engine: engine.count(end=100))
    desk.wait_for(lambda: FINISHED in desk.changes("loop"))
    assert desk.drain("loop") == list(map(step, range(1, 101)))
    assert desk.drain("loop") == []
    assert desk.changes("loop") == [RUNNING, FINISHED]


def test_a_request_is_answered_between_two_steps(desk: Desk) -> None:
    inside: list[bool] = []

    def steps(engine: Scripted) -> Iterator[Report]:
        for number in range(10**9):
            inside.append(True)
            time.sleep(0.001)
            inside.clear()
            yield step(number)

    desk.loop("loop", steps)
    for _ in range(20):
        assert desk.ask(lambda engine: list(inside)) == []
    assert desk.changes("loop") == [RUNNING]


def test_a_paused_loop_stands_still_and_goes_on_where_it_was(desk: Desk) -> None:
    desk.loop("loop", lambda engine: engine.count())
    desk.wait_for(lambda: desk.worker._reports["loop"])
    desk.worker.play("loop", playing=False)
    desk.settle()
    before = desk.drain("loop")
    desk.settle()
    assert desk.drain("loop") == []
    desk.worker.play("loop", playing=True)
    desk.wait_for(lambda: desk.worker._reports["loop"])
    assert desk.drain("loop")[0] == step(the(GeneratedToken, before[-1]).index + 1)
    assert desk.changes("loop") == [RUNNING, PAUSED, RUNNING]


def test_a_loop_makes_so_many_steps_and_pauses(desk: Desk) -> None:
    desk.loop("loop", lambda engine: engine.count(end=6), playing=False)
    for number in (1, 4):
        desk.worker.play("loop", playing=True, steps=3)
        desk.wait_for(lambda: len(desk.worker._reports["loop"]) == 3)
        desk.settle()
        assert desk.drain("loop") == [step(number + more) for more in range(3)]
        assert not desk.worker._loops["loop"].playing
    assert desk.changes("loop") == [PAUSED, RUNNING, PAUSED, RUNNING, PAUSED]
    desk.worker.play("loop", playing=True, steps=3)
    desk.wait_for(lambda: desk.changes("loop")[-1] is FINISHED)


def test_what_is_asked_of_a_loop_last_holds(desk: Desk) -> None:
    desk.loop("loop", lambda engine: engine.count(end=6), playing=False)
    desk.worker.play("loop", playing=True, steps=2)
    desk.worker.play("loop", playing=True)
    desk.wait_for(lambda: desk.changes("loop")[-1] is FINISHED)


def test_a_paused_loop_makes_one_step_at_a_time(desk: Desk) -> None:
    desk.loop("loop", lambda engine: engine.count(end=2), playing=False)
    assert desk.drain("loop") == []
    for number in (1, 2):
        desk.worker.advance("loop")
        desk.settle()
        assert desk.drain("loop") == [step(number)]
        assert desk.changes("loop") == [PAUSED] * (1 + number)  # told of each step
    desk.worker.advance("loop")
    desk.settle()
    assert desk.changes("loop") == [PAUSED, PAUSED, PAUSED, FINISHED]


def test_a_stopped_loop_is_closed_on_the_workers_thread(desk: Desk) -> None:
    threads: list[int] = []

    def steps(engine: Scripted) -> Iterator[Report]:
        try:
            yield from engine.count()
        finally:
            threads.append(threading.get_ident())

    desk.loop("loop", steps)
    desk.wait_for(lambda: desk.worker._reports["loop"])
    desk.worker.stop_loop("loop")
    desk.settle()
    assert threads == [desk.worker._thread.ident]
    assert desk.changes("loop") == [RUNNING, STOPPED]
    assert desk.drain("loop") != []


def test_two_loops_take_turns(desk: Desk) -> None:
    order: list[str] = []

    def steps(name: str) -> Iterator[Report]:
        for number in range(1, 21):
            order.append(name)
            yield step(number)

    desk.loop("a", lambda engine: steps("a"), playing=False)
    desk.loop("b", lambda engine: steps("b"), playing=False)

    def play_both(engine: Scripted) -> None:
        desk.worker.play("a", playing=True)
        desk.worker.play("b", playing=True)

    desk.worker.ask(Call(play_both))
    desk.wait_for(lambda: FINISHED in desk.changes("a") and FINISHED in desk.changes("b"))
    assert order in (["a", "b"] * 20, ["b", "a"] * 20)


def test_a_paused_loop_does_not_hold_up_another(desk: Desk) -> None:
    desk.loop("paused", lambda engine: engine.count(), playing=False)
    desk.loop("playing", lambda engine: engine.count(end=50))
    desk.wait_for(lambda: FINISHED in desk.changes("playing"))
    assert desk.drain("paused") == []


def test_a_new_loop_of_the_same_name_takes_the_place_of_the_old(desk: Desk) -> None:
    desk.loop("loop", lambda engine: engine.count("old"))
    desk.loop("loop", lambda engine: engine.count("new", end=3))
    desk.wait_for(lambda: FINISHED in desk.changes("loop"))
    assert desk.drain("loop") == [step(1), step(2), step(3)]
    assert desk.ask(lambda engine: engine.closed) == ["old", "new"]
    assert desk.changes("loop") == [RUNNING, STOPPED, RUNNING, FINISHED]


def test_a_loop_that_cannot_begin_leaves_the_one_before(desk: Desk) -> None:
    def refuse(engine: Scripted) -> Iterator[Report]:
        raise InputError("There is no file problems.jsonl: check the path.")

    desk.loop("loop", lambda engine: engine.count(), playing=False)
    with pytest.raises(Failure, match=r"There is no file problems\.jsonl"):
        desk.loop("loop", refuse)
    desk.worker.advance("loop")
    desk.settle()
    assert desk.drain("loop") == [step(1)]
    assert desk.changes("loop") == [PAUSED, PAUSED]  # begun, and one step made


def test_a_failing_loop_ends_and_says_why(desk: Desk) -> None:
    desk.loop("loop", lambda engine: engine.fail_after(3, ZeroDivisionError("zero")))
    desk.wait_for(lambda: FAILED in desk.changes("loop"))
    last = desk.events[-1]
    assert isinstance(last, LoopChanged)
    assert last.failure is not None
    assert last.failure.sentence == "ZeroDivisionError: zero"
    assert "fail_after" in str(last.failure.traceback)
    assert desk.drain("loop") == [step(1), step(2), step(3)]
    desk.loop("loop", lambda engine: engine.count(end=1))
    desk.wait_for(lambda: FINISHED in desk.changes("loop"))


def test_what_is_asked_of_a_loop_that_is_over_is_nothing(desk: Desk) -> None:
    desk.loop("loop", lambda engine: engine.count(end=1))
    desk.wait_for(lambda: FINISHED in desk.changes("loop"))
    desk.worker.play("loop", playing=True)
    desk.worker.advance("loop")
    desk.worker.stop_loop("loop")
    desk.worker.play("never begun", playing=True)
    desk.settle()
    assert desk.changes("loop") == [RUNNING, FINISHED]
    assert desk.drain("never begun") == []


def test_reports_that_nobody_takes_do_not_pile_up(desk: Desk) -> None:
    end = REPORTS_KEPT + 100
    desk.loop("loop", lambda engine: engine.count(end=end))
    desk.wait_for(lambda: FINISHED in desk.changes("loop"))
    numbered = desk.worker.drain("loop")
    assert [report.what for report in numbered] == list(map(step, range(101, end + 1)))
    assert missed(0, numbered) == 100


def test_events_and_the_reports_of_each_loop_are_numbered_without_a_gap() -> None:
    events: list[Numbered[Event]] = []
    worker = Worker(Scripted, events.append)
    worker.start()
    for _ in range(2):  # a loop begins anew in the place of one of its name, and so do its numbers
        worker.start_loop("loop", Loop(lambda engine: engine.count(end=3))).result(WAIT)
        worker.ask(Call(lambda engine: None)).result(WAIT)
        while worker.has_loops:
            time.sleep(0.002)
        assert [report.number for report in worker.drain("loop")] == [1, 2, 3]
    assert worker.stop(WAIT)
    assert [event.number for event in events] == [1, 2, 3, 4]
    assert [missed(2, events), missed(0, events[2:]), missed(5, [])] == [0, 2, 0]


# Cancel and end


def test_a_cancel_ends_what_loads_now_and_nothing_after_it(desk: Desk) -> None:
    loading = desk.worker.ask(Call(lambda engine: engine.wait_for_cancel()))
    desk.wait_for(lambda: LoadProgress("Loading") in desk.events)
    desk.worker.cancel()
    with pytest.raises(Failure) as cancelled:
        loading.result(WAIT)
    assert cancelled.value.cancelled
    assert cancelled.value.traceback is None
    desk.ask(lambda engine: engine.progress.check())


def test_a_cancel_while_nothing_loads_is_forgotten(desk: Desk) -> None:
    desk.worker.cancel()
    desk.ask(lambda engine: engine.progress.check())


def test_a_cancel_leaves_a_running_loop_alone(desk: Desk) -> None:
    desk.loop("loop", lambda engine: engine.count())
    desk.worker.cancel()
    desk.settle()
    assert desk.changes("loop") == [RUNNING]


def test_it_ends_with_a_loop_running() -> None:
    desk = Desk()
    desk.worker.start()
    desk.loop("loop", lambda engine: engine.count())
    assert desk.worker.stop(WAIT)


def test_it_ends_in_the_middle_of_a_load_and_drops_what_waits() -> None:
    desk = Desk()
    desk.worker.start()
    loading = desk.worker.ask(Call(lambda engine: engine.wait_for_cancel()))
    waiting = [desk.worker.ask(Call(lambda engine: engine.wait_for_cancel())) for _ in range(3)]
    desk.wait_for(lambda: LoadProgress("Loading") in desk.events)
    assert desk.worker.stop(WAIT)
    assert isinstance(loading.exception(WAIT), Failure)
    for future in waiting:
        with pytest.raises(FutureCancelledError):
            future.result(0)
    assert desk.events.count(LoadProgress("Loading")) == 1


def test_it_ends_before_it_was_started() -> None:
    assert Desk().worker.stop(WAIT)


def test_stop_says_that_a_step_still_runs_and_does_not_wait_for_it() -> None:
    desk = Desk()
    desk.worker.start()
    started, go_on = threading.Event(), threading.Event()

    def hold(engine: Scripted) -> None:
        started.set()
        go_on.wait(WAIT)

    desk.worker.ask(Call(hold))
    assert started.wait(WAIT)
    assert not desk.worker.stop(0.05)
    go_on.set()
    assert desk.worker.stop(WAIT)


def test_a_process_does_not_wait_for_a_thread_that_is_busy() -> None:
    """A daemon thread: quitting in the middle of a long step quits."""
    script = """
import threading, time
from tui_trainer.worker import Worker
from tests.requests_made_up import Call, Scripted
worker = Worker(Scripted, print)
worker.start()
started = threading.Event()
worker.ask(Call(lambda engine: (started.set(), time.sleep(60))))
started.wait()
assert not worker.stop(0.05)
"""
    ended = subprocess.run([sys.executable, "-c", script], timeout=30, check=False)
    assert ended.returncode == 0


def test_a_cancelled_error_is_no_fault() -> None:
    failure = describe_failure(CancelledError("The load was cancelled."))
    assert (failure.sentence, failure.cancelled, failure.traceback) == (
        "The load was cancelled.",
        True,
        None,
    )
