"""A worker whose thread is in an engine's process: the same is asked of it, and heard."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from tui_trainer.errors import InputError
from tui_trainer.failures import Failure, describe_failure
from tui_trainer.protocol.events import DeviceLost, Doing, Event, LoopChanged, LoopState, Other
from tui_trainer.protocol.numbered import Numbered
from tui_trainer.protocol.request import LoopRequest, Request

if TYPE_CHECKING:  # the first frame does not wait for what crosses
    from tui_trainer.link.attach import Attach
    from tui_trainer.link.engine_link import EngineLink
    from tui_trainer.protocol.loop_reports import Report

Reply = TypeVar("Reply")
REPORTS_KEPT = 2048


class RemoteWorker:
    """A view's worker. What it is asked before the engine is there waits."""

    def __init__(
        self,
        attach: "Attach",
        post: Callable[[Numbered[Event]], None],
        hear_other: Callable[[Other], None],
    ) -> None:
        """`attach` begins an engine or finds one, on a thread of its own; `post` is called with
        every event, `hear_other` with what was done elsewhere, both there: neither may wait."""
        self._attach, self._post, self._hear_other = attach, post, hear_other
        self._link: EngineLink | None = None
        self._not_said: list[Callable[[EngineLink | None], None]] = []
        self._lock = threading.Lock()
        self._reports: dict[str, deque[Numbered[Report]]] = {}
        self._loops: dict[str, LoopState] = {}
        self._serials: dict[str, int] = {}
        self._last_report: dict[str, int] = {}
        self._last = 0
        """The number of the last event."""
        self._is_left = False
        self._failure: Failure | None = None
        """Why there is no engine."""
        self.outlives_view = True
        self.doing: Doing | None = None
        self.views = 1
        """How many there are of the engine, this one among them."""

    @property
    def name(self) -> str:
        """Of the engine; empty before it is there."""
        return self._attach.name

    def start(self) -> None:
        threading.Thread(target=self._begin, name="attach", daemon=True).start()

    def _begin(self) -> None:
        try:
            link = self._attach.link(self)
        except (InputError, OSError) as error:
            self._failure = describe_failure(error)
            if not self._is_left:
                self._lose(self._failure)
            self._say_what_waits(None)
        else:
            link.begin()
            self._say_what_waits(link)

    def _say_what_waits(self, link: "EngineLink | None") -> None:
        with self._lock:
            self._link = link
            for say in self._not_said:
                say(link)
            self._not_said.clear()

    def restart(self) -> None:
        """Begin another engine in the place of the one that has ended."""
        with self._lock:
            self._attach = self._attach.anew()
            self._link = self._failure = None
            self._is_left = False
        for of_loops in (self._reports, self._loops, self._serials, self._last_report):
            of_loops.clear()
        self._last = 0
        self.start()

    # The end

    def leave(self) -> None:
        """Look at the engine no more; it goes on."""
        self._is_left = True
        if self._link is not None:
            self._link.close()

    def stop(self, timeout: float) -> bool:
        """Wait until the engine has ended, for so many seconds; True where it has."""
        return self._link is None or self._link.ends_within(timeout)

    def end(self, last: Request[Reply]) -> "Future[Reply]":
        """Have the engine end, with `last` answered before its loops are closed.

        The future is cancelled where there is no engine; one that is being begun ends too.
        """
        self._is_left = True
        future: Future[Reply] = Future()
        if self._link is None or self._failure is not None:
            future.cancel()
            self._attach.terminate()
        else:
            self._link.end(future, last)
        return future

    # What is asked

    @property
    def has_loops(self) -> bool:
        """Whether a loop runs or is paused."""
        return any(not state.is_over for state in self._loops.values())

    def ask(self, request: Request[Reply]) -> "Future[Reply]":
        return self._await(lambda link, future: link.ask(future, request))

    def start_loop(
        self, name: str, request: "LoopRequest[Report]", *, playing: bool = True
    ) -> "Future[None]":
        heard = self._serials.get(name, 0)
        return self._await(
            lambda link, future: link.start_loop(future, name, request, playing, heard)
        )

    def end_loop(self, name: str, last: Request[Reply]) -> "Future[Reply]":
        return self._await(lambda link, future: link.end_loop(future, name, last))

    def _await(self, ask: "Callable[[EngineLink, Future[Reply]], None]") -> "Future[Reply]":
        future: Future[Reply] = Future()

        def say(link: "EngineLink | None") -> None:
            if link is not None and not future.cancelled():
                ask(link, future)
            elif self._failure is not None and future.set_running_or_notify_cancel():
                future.set_exception(self._failure)

        self._say_or_not(say)
        return future

    def cancel(self) -> None:
        self._say(lambda link: link.cancel())

    def play(self, name: str, playing: bool, steps: int = 0) -> None:
        self._say(lambda link: link.play(name, playing, steps))

    def advance(self, name: str) -> None:
        self._say(lambda link: link.advance(name))

    def stop_loop(self, name: str) -> None:
        self._say(lambda link: link.stop_loop(name))

    def share_text(self, text: str) -> None:
        self._say(lambda link: link.share_text(text))

    def _say(self, say: "Callable[[EngineLink], None]") -> None:
        self._say_or_not(lambda link: None if link is None else say(link))

    def _say_or_not(self, say: "Callable[[EngineLink | None], None]") -> None:
        """Now, or once the engine is there, or it is known that none will be."""
        with self._lock:
            if self._link is None and self._failure is None:
                self._not_said.append(say)
            else:
                say(self._link if self._failure is None else None)

    def drain(self, name: str) -> "list[Numbered[Report]]":
        """The reports of a loop since the last call, oldest first."""
        waiting = self._reports.get(name)
        return [waiting.popleft() for _ in range(len(waiting))] if waiting else []

    # What is heard, on the thread that reads

    def heard_event(self, event: Numbered[Event]) -> None:
        self._last = max(self._last, event.number)
        if isinstance(event.what, LoopChanged):
            self._loops[event.what.name] = event.what.state
        self._post(event)

    def heard_begun(self, name: str, serial: int) -> bool:
        """Whether that is a loop which was not heard of yet: its reports begin anew."""
        is_new = self._serials.get(name) != serial
        if is_new:
            self._serials[name] = serial
            self._reports[name] = deque(maxlen=REPORTS_KEPT)
            self._last_report[name] = 0
        return is_new

    def heard_reports(self, name: str, reports: "list[Numbered[Report]]") -> None:
        """Those that are told again, to a view that was away, are passed over."""
        waiting = self._reports.setdefault(name, deque(maxlen=REPORTS_KEPT))
        last = self._last_report.get(name, 0)
        waiting.extend(report for report in reports if report.number > last)
        self._last_report[name] = max(last, reports[-1].number)

    def heard_doing(self, doing: Doing | None) -> None:
        self.doing = doing

    def heard_views(self, count: int) -> None:
        self.views = count

    def heard_other(self, other: Other) -> None:
        self._hear_other(other)

    def heard_end(self) -> None:
        """Nothing more comes."""
        self.doing = None
        if not self._is_left:
            self._failure = Failure(self._attach.why_ended())
            self._lose(self._failure)

    def _lose(self, failure: Failure) -> None:
        """Tell that the engine is gone, and the loops with it."""
        live = [name for name, state in self._loops.items() if not state.is_over]
        gone: list[Event] = [LoopChanged(name, LoopState.FAILED) for name in live]
        for event in (*gone, DeviceLost(failure, None, engine_ended=True)):
            self.heard_event(Numbered(self._last + 1, event))
