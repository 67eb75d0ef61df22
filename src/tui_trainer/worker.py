"""The one thread that owns the engine: requests in, replies and events out.

A training loop is a generator; this thread advances it one step whenever no request waits.
Pause is 'do not advance', a single step is 'advance once', stop is 'close'. So a request can
look at the model, or change it, between two steps of a running loop, and needs no lock.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import count
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from tui_trainer.closed import closed
from tui_trainer.failures import Failure, describe_failure
from tui_trainer.live_loop import LiveLoop
from tui_trainer.lost_device import MUST_RESTART, left_after
from tui_trainer.protocol.events import (
    DeviceLost,
    Doing,
    Event,
    LoopChanged,
    LoopState,
    WorkerFailed,
)
from tui_trainer.protocol.numbered import Numbered
from tui_trainer.protocol.request import LoopRequest, Request
from tui_trainer.reports.loop import BetweenSteps, HaltReport
from tui_trainer.reports.progress import Progress

if TYPE_CHECKING:  # the first frame waits for this module, and need not for those of reports
    from tui_trainer.protocol.answers import Answers
    from tui_trainer.protocol.loop_reports import Report

Reply = TypeVar("Reply")

# A stalled terminal must not let reports pile up: at 20 steps a second this is over a minute.
REPORTS_KEPT = 2048


@dataclass(frozen=True)
class _Call:
    """What to do on the thread, and what to do instead where the thread ends first."""

    run: Callable[[], None]
    cancel: Callable[[], object]


class Worker:
    """Runs requests and loops on one daemon thread, which nothing that they raise can end.

    `make_engine` is called on that thread, so that importing torch does not delay the first
    frame. `post` is called on it with every event: it must be thread-safe and not wait.
    """

    outlives_view, views = False, 1  # it ends with its only view

    def __init__(
        self,
        make_engine: "Callable[[Progress], Answers]",
        post: Callable[[Numbered[Event]], None],
    ) -> None:
        self._make_engine = make_engine
        self._post = post
        self._requests: SimpleQueue[_Call] = SimpleQueue()
        self._last: SimpleQueue[_Call] = SimpleQueue()
        """What is done before the thread ends, whatever else waits then."""
        self._loops: dict[str, LiveLoop] = {}
        self._reports: dict[str, deque[Numbered[Report]]] = {}
        self._numbers = count(1)
        """Of the events."""
        self._progress = Progress(self._send, self._send)
        self._stopping = False
        self._over = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self.doing: Doing | None = None
        """Read by the UI to show what it waits for; None while the thread is idle."""

    # Called from the UI's thread

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float) -> bool:
        """End the thread after what it is doing; True where it ended within `timeout` seconds.

        The loops are closed. What it loads is cancelled, and so is every request that still waits.
        """
        self._stopping = True
        self._progress.cancelled.set()
        self._do(lambda: None)  # wakes a thread that waits for requests
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def end(self, last: Request[Reply]) -> "Future[Reply]":
        """End the thread as `stop` does, without waiting, with `last` before the loops are closed.

        The future is cancelled where there is no engine: then there is nothing to save.
        """
        future: Future[Reply] = Future()
        self._put(self._last, _Call(lambda: self._answer(future, last.answered_by), future.cancel))
        if self._thread.ident is None:
            future.cancel()
        self.stop(0)
        return future

    @property
    def has_loops(self) -> bool:
        """Whether a loop runs or is paused."""
        return bool(self._loops)

    def ask(self, request: Request[Reply]) -> "Future[Reply]":
        """Have `request` answered; the future gives its reply or raises a Failure."""
        return self._ask(request.answered_by, request.doing)

    def cancel(self) -> None:
        """Ask what loads or downloads now to stop; its future raises a Failure, `cancelled`.

        What has not begun yet is cancelled through its future instead.
        """
        self._progress.cancelled.set()

    def start_loop(
        self,
        name: str,
        request: "LoopRequest[Report]",
        *,
        playing: bool = True,
        check: Callable[[], None] = lambda: None,
        begun: Callable[[], None] = lambda: None,
    ) -> "Future[None]":
        """Begin a loop in the place of one of that name; on the thread `check` comes first, `begun`
        before anything is told. The future raises a Failure where it cannot begin, as where `check`
        raises: then the one before goes on."""

        def begin(engine: "Answers") -> None:
            check()
            loop = LiveLoop(request.begun_by(engine), playing)
            self._close(name, LoopState.STOPPED)
            self._reports[name] = deque(maxlen=REPORTS_KEPT)
            self._loops[name] = loop
            begun()
            self._post_state(name)

        return self._ask(begin, request.doing)

    def play(self, name: str, playing: bool, steps: int = 0) -> None:
        """Go on with a loop, for so many steps where that is not 0, or pause it after the step it
        is making."""
        self._do(lambda: self._play(name, playing, steps))

    def advance(self, name: str) -> None:
        """Make one step of a paused loop; requests are answered between the parts of a long one."""
        self._do(lambda: self._make_step(name, self._loops.get(name)))

    def stop_loop(self, name: str) -> None:
        """End a loop; the weights stay as they are."""
        self._do(lambda: self._close(name, LoopState.STOPPED))

    def end_loop(self, name: str, last: Request[Reply]) -> "Future[Reply]":
        """Have `last` answered and end a loop, with no step between the two.

        Where `last` fails the loop is paused instead, so that it can be tried again.
        """

        def end(engine: "Answers") -> Reply:
            try:
                reply = last.answered_by(engine)
            except BaseException:
                self._play(name, playing=False)
                raise
            self._close(name, LoopState.STOPPED)
            return reply

        return self._ask(end, last.doing)

    def drain(self, name: str) -> "list[Numbered[Report]]":
        """The reports of a loop since the last call, oldest first; a gap in their numbers is where
        more came than are kept."""
        waiting = self._reports.get(name)
        return [waiting.popleft() for _ in range(len(waiting))] if waiting else []

    def share_text(self, text: str) -> None:
        """Nobody else looks at this worker."""

    def _ask(self, act: "Callable[[Answers], Reply]", doing: str) -> "Future[Reply]":
        future: Future[Reply] = Future()
        self._put(self._requests, _Call(partial(self._answer, future, act, doing), future.cancel))
        return future

    def _do(self, run: Callable[[], None]) -> None:
        self._put(self._requests, _Call(run, cancel=lambda: None))

    def _put(self, queue: SimpleQueue[_Call], request: _Call) -> None:
        """Nothing is left waiting: what the thread has not seen at its end is cancelled."""
        queue.put(request)
        if self._over:
            self._cancel_what_waits()

    def _cancel_what_waits(self) -> None:
        for queue in (self._requests, self._last):
            with suppress(Empty):
                while True:
                    queue.get_nowait().cancel()

    # Called on the worker's thread

    def _run(self) -> None:
        while not self._stopping:
            self._guarded(self._turn)
            self.doing = None
        self._guarded(self._finish)
        self._over = True
        self._cancel_what_waits()

    def _guarded(self, act: Callable[[], None]) -> None:
        """Whatever `act` raises is told, and the thread lives."""
        try:
            act()
        except BaseException as error:
            self._send(WorkerFailed(self._failure(error)))

    def _finish(self) -> None:
        """The last requests, where there is an engine to ask, and the end of every loop."""
        while "_engine" in vars(self) and not self._last.empty():
            self._last.get().run()
        for name in tuple(self._loops):
            self._close(name, LoopState.STOPPED)

    def _send(self, event: Event) -> None:
        """Post an event; nobody is left to be told where that fails, but the log."""
        try:
            self._post(Numbered(next(self._numbers), event))
        except BaseException:
            logging.getLogger(__name__).exception("an event of the worker was not heard")

    def _answer(
        self, future: "Future[Reply]", act: "Callable[[Answers], Reply]", doing: str = ""
    ) -> None:
        if not future.set_running_or_notify_cancel():
            return
        self._progress.cancelled.clear()
        if self._stopping:  # since this was taken from the queue
            self._progress.cancelled.set()
        self.doing = Doing(doing, time.monotonic())
        try:
            reply = act(self._engine)
        except BaseException as error:
            future.set_exception(self._failure(error))
        else:
            future.set_result(reply)

    def _failure(self, error: BaseException) -> Failure:
        """What is told of `error`, after which the device may do nothing more."""
        failure = describe_failure(error)
        if "_engine" not in vars(self) or (left := left_after(error, self._engine)) is self._engine:
            return failure
        self._engine = left
        self._do(partial(self._lose_device, failure))
        return Failure(MUST_RESTART)

    def _lose_device(self, failure: Failure) -> None:
        """End every loop, so that its run has its end on disk; tell what can be gone on with."""
        for name in tuple(self._loops):
            self._close(name, LoopState.FAILED)
        self._send(DeviceLost(failure, self._engine.stopped_run()))

    def _turn(self) -> None:
        """Answer one request, or make one step; holds on to neither while the thread waits."""
        request = self._next_request()
        if request is None:
            if name := self._due():
                self._try_again(name)
            else:
                self._advance_playing()
        elif self._stopping:
            request.cancel()
        else:
            request.run()

    @cached_property
    def _engine(self) -> "Answers":
        """Made at the first request, whose future tells where that fails."""
        return self._make_engine(self._progress)

    def _next_request(self) -> _Call | None:
        """Wait for a request; None where a loop plays or is to be tried again first."""
        try:
            return self._requests.get(timeout=self.patience())
        except Empty:
            return None

    def patience(self) -> float | None:
        """For how many seconds nothing is to be done but to wait; None is without end."""
        loops = [*self._loops.values()]  # whole, since other threads ask too
        if any(loop.playing for loop in loops):
            return 0.0
        dues = [loop.retry.due for loop in loops if loop.retry]
        return max(0.0, min(dues) - time.monotonic()) if dues else None

    def _due(self) -> str | None:
        """The loop that is to be tried again now."""
        now = time.monotonic()
        due = (name for name, loop in self._loops.items() if loop.retry and loop.retry.due <= now)
        return next(due, None)

    def _try_again(self, name: str) -> None:
        """Go on with a loop that stood, in silence where it still stands."""
        loop = self._loops[name]
        retry = loop.retry
        self._advance(name)
        if retry is not None and loop.retry is retry and name in self._loops:  # it went on
            loop.retry, loop.playing = None, retry.plays
            self._post_state(name)

    def _advance_playing(self) -> None:
        """One step of the loop whose turn it is; it goes to the end of the line."""
        name = next(name for name, loop in self._loops.items() if loop.playing)
        self._loops[name] = self._loops.pop(name)
        self._advance(name)

    def _make_step(self, name: str, loop: LiveLoop | None) -> None:
        """One step of `loop`, unless it is over, and what is measured before it.

        After each report what is left of that waits in line.
        """
        if loop is None or self._loops.get(name) is not loop:
            return
        loop.retry = None
        report = self._advance(name)
        if isinstance(report, BetweenSteps):
            self._do(lambda: self._make_step(name, loop))
        elif name in self._loops and not isinstance(report, HaltReport):
            self._post_state(name)  # its weights are others, though it is paused as before

    def _advance(self, name: str) -> "Report | None":
        """What the loop reports next; None where it ends instead."""
        self.doing = Doing("", time.monotonic(), name)
        try:
            loop = self._loops[name]
            report = next(loop.reports)
            self._reports[name].append(Numbered(next(loop.numbers), report))
            if isinstance(report, HaltReport):
                self._halt(name, report)
            elif loop.makes_last_of_those_asked(report):
                self._play(name, playing=False)
            return report
        except StopIteration:
            self._close(name, LoopState.FINISHED)
        except BaseException as error:
            self._close(name, LoopState.FAILED, self._failure(error))
        return None

    def _close(self, name: str, state: LoopState, failure: Failure | None = None) -> None:
        """End a loop here and now: the collector of garbage would end it anywhere, and in silence.

        What closing it raises is told: its run may have no end on disk.
        """
        if (loop := self._loops.pop(name, None)) is None:
            return
        try:
            with closed(loop.reports):
                pass
        except BaseException as error:
            failure = describe_failure(error)
        self._send(LoopChanged(name, state, failure))

    def _play(self, name: str, playing: bool, steps: int = 0) -> None:
        if loop := self._loops.get(name):
            loop.playing, loop.retry, loop.steps = playing, None, steps if playing else 0
            self._post_state(name)

    def _halt(self, name: str, report: HaltReport) -> None:
        """Pause a loop that cannot go on as it is, and tell why, once."""
        if self._loops[name].halt(report):
            self._send(LoopChanged(name, LoopState.PAUSED, Failure(report.why)))

    def _post_state(self, name: str) -> None:
        loop = self._loops[name]
        state = LoopState.RUNNING if loop.playing else LoopState.PAUSED
        self._send(LoopChanged(name, state, steps=loop.steps))


def in_this_process(
    make_engine: "Callable[[Progress], Answers]",
) -> "Callable[[Callable[[Numbered[Event]], None], object], Worker]":
    """What makes the worker of an app that is the only view of it."""
    return lambda post, _: Worker(make_engine, post)
