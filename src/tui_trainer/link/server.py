"""The engine's end of the socket: who may look, what each asks, and what all are told."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from itertools import count

from tui_trainer.errors import InputError
from tui_trainer.link import messages
from tui_trainer.link.feed import Feed
from tui_trainer.link.frames import Ended, TooLong, receive_frame, send_frame
from tui_trainer.link.messages import Hello, Message, Refusal, Welcome
from tui_trainer.link.place import is_from_this_user
from tui_trainer.link.view_at_engine import TURN_SECONDS, ViewAtEngine
from tui_trainer.protocol.events import Event, LoopChanged
from tui_trainer.protocol.loop_names import EVALUATION, LOOP_TITLES
from tui_trainer.protocol.models import LoadModel, ReadStatus
from tui_trainer.protocol.numbered import Numbered
from tui_trainer.protocol.request import LoopRequest, Request
from tui_trainer.protocol.wire import AnyRequest, GarbledError, read_request
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.runs.evaluations import keep_evaluation
from tui_trainer.settings.model import ModelChoice
from tui_trainer.worker import Worker

GREETING_SECONDS = 5.0
PARTING_SECONDS = 2.0
OTHER_VERSION = (
    "The session {name} was begun by tui-trainer {theirs}, and this is {ours}: attach with that "
    "one, or end it there (kill {pid} saves first)."
)


FIRST = "{} was begun from another view a moment before: nothing was begun here beside it."


class Server:
    """Answers the views of one engine. `end` is called once a view has asked for its end."""

    def __init__(self, name: str, version: str, end: Callable[[], None]) -> None:
        self.name, self.version, self._end = name, version, end
        self.began = time.time()
        self.feed = Feed()
        self.worker: Worker
        self.views: list[ViewAtEngine] = []
        self._connected: list[ViewAtEngine] = []
        """Those that look, and those that only ask something."""
        self.left_at = time.monotonic()
        """When the last view left."""
        self.status: LearnerStatus | None = None
        self.choice = ModelChoice()
        """The model that was loaded last."""
        self._serials = count(1)
        self._begun_by: dict[str, ViewAtEngine] = {}
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._last: Future[object] | None = None
        """The last answer there is."""

    def serve(self, worker: Worker, listening: socket.socket) -> None:
        """Begin; it goes on in threads of its own."""
        self.worker = worker
        for act in (lambda: self._accept(listening), self._pump):
            threading.Thread(target=act, daemon=True).start()

    # Views that come and go

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                stream, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._greet, args=(stream,), daemon=True).start()

    def _greet(self, stream: socket.socket) -> None:
        """Hear who it is, and look after it where it may look."""
        try:
            stream.settimeout(GREETING_SECONDS)
            hello = messages.read_message(receive_frame(stream))
            refusal = self._why_not(stream, hello)
            welcome = Welcome(self.name, os.getpid(), self.version)
            send_frame(stream, messages.write_message(refusal or welcome))
        except (Ended, TooLong, GarbledError):
            stream.close()
            return
        if refusal is not None or not isinstance(hello, Hello):
            stream.close()
            return
        stream.settimeout(None)
        self._look_after(ViewAtEngine(self, stream, hears=hello.looks), hears=hello.looks)

    def _why_not(self, stream: socket.socket, hello: Message) -> Refusal | None:
        if not is_from_this_user(stream):
            return Refusal(f"The session {self.name} belongs to another user.")
        if not isinstance(hello, Hello):
            return Refusal("A view says first who it is.")
        if hello.version != self.version:
            told = {"name": self.name, "theirs": self.version, "ours": hello.version}
            return Refusal(OTHER_VERSION.format(pid=os.getpid(), **told))
        return None

    def _look_after(self, view: ViewAtEngine, *, hears: bool) -> None:
        self._connected.append(view)
        if hears:
            self._count(lambda: self.views.append(view))
        try:
            view.run()
        except Exception:
            logging.getLogger(__name__).exception("a view of %s ended", self.name)
        finally:
            self._connected.remove(view)
            if hears:
                self._count(lambda: self.views.remove(view))

    def _count(self, change: Callable[[], None]) -> None:
        with self._lock:
            change()
            self.left_at = time.monotonic()
            self.feed.tell(messages.Views(len(self.views)))

    def end(self, last: Request[object]) -> "Future[object]":
        """Have the worker end, with `last` answered before; where it ends already, with what was
        asked first."""
        with self._lock:
            if self._last is None:
                self._last = self.worker.end(last)
        self._end()
        return self._last

    def part(self) -> None:
        """Every view has been told what is in its box: whoever asked for the end, what was saved.
        That it is over they hear from their sockets, which close with the process."""
        self._is_over.set()
        views, until = list(self._connected), time.monotonic() + PARTING_SECONDS
        for view in views:
            view.close()
        for view in views:
            view.see_out(max(0.0, until - time.monotonic()))

    # What the worker tells

    def hear(self, event: Numbered[Event]) -> None:
        """On the worker's thread: after what was reported before it."""
        with self.feed.changed:
            self._take_reports()
            self.feed.event(event)
        what = event.what
        if not isinstance(what, LoopChanged):
            return
        if what.failure is not None:  # there may be nobody to be told
            failure = what.failure.traceback or what.failure.sentence
            logging.getLogger(__name__).error("%s %s: %s", what.name, what.state.value, failure)
        if what.name == EVALUATION and what.state.is_over:
            self._keep_evaluation()

    def _pump(self) -> None:
        while not self._is_over.wait(TURN_SECONDS):
            with self.feed.changed:
                self._take_reports()

    def _take_reports(self) -> None:
        for name in LOOP_TITLES:
            self.feed.report(name, self.worker.drain(name))

    def _keep_evaluation(self) -> None:
        """The view that began it keeps it, unless it has left."""
        told = self.feed.loops.get(EVALUATION)
        report = told.last if told is not None else None
        if self._begun_by.get(EVALUATION) in self.views:
            return
        if isinstance(report, EvaluationReport) and report.items:
            try:
                keep_evaluation(report)
            except InputError:
                logging.getLogger(__name__).exception("an evaluation could not be kept")

    # What a view asks

    def heed(self, view: ViewAtEngine, message: Message) -> None:
        """Do what a view says; GarbledError where that is not for a view to say."""
        match message:
            case messages.Ask(number, data):
                self._ask(view, number, data)
            case messages.Begin():
                self._begin(view, message)
            case messages.EndLoop(number, loop, data):
                if (last := self._read(view, number, data)) is not None:
                    view.await_answer(number, self.worker.end_loop(loop, last))
            case messages.EndEngine(number, data):
                if (last := self._read(view, number, data)) is not None:
                    view.await_answer(number, self.end(last))
            case messages.Withdraw(number):
                view.withdraw(number)
            case messages.Text():
                self.feed.tell(message, view)
            case messages.Describe():
                view.send(self.describe())
            case _:
                self._drive(message)

    def _drive(self, message: Message) -> None:
        """Have a loop do what a view says, which answers nothing."""
        match message:
            case messages.CancelLoad():
                self.worker.cancel()
            case messages.Play(loop, playing, steps):
                self.worker.play(loop, playing, steps)
            case messages.Advance(loop):
                self.worker.advance(loop)
            case messages.StopLoop(loop):
                self.worker.stop_loop(loop)
            case _:
                raise GarbledError(f"{type(message).__name__} is not for a view to say")

    def _ask(self, view: ViewAtEngine, number: int, data: bytes) -> None:
        if (request := self._read(view, number, data)) is None:
            return
        future = self.worker.ask(request)
        future.add_done_callback(lambda done: self._saw(view, request, done))
        view.await_answer(number, future)

    def _saw(self, view: ViewAtEngine, request: Request[object], done: "Future[object]") -> None:
        """What all others are to know of an answer."""
        failed = done.cancelled() or done.exception() is not None
        reply = None if failed else done.result()
        if isinstance(request, LoadModel):
            self.choice = self.choice if failed else request.choice
            self.feed.tell(messages.Loaded(None if failed else request.choice), view)
        if isinstance(reply, LearnerStatus):
            self.status = reply
        if isinstance(request, ReadStatus) and isinstance(reply, tuple):
            (self.status,) = reply
        if request.is_seen_by_all:
            self.feed.tell(messages.Changed(), view)

    def _begin(self, view: ViewAtEngine, message: messages.Begin) -> None:
        request = self._read_any(view, message.number, message.request)
        if request is None:
            return
        if not isinstance(request, LoopRequest):
            raise GarbledError(f"{type(request).__name__} begins no loop")
        begun = messages.Begun(next(self._serials), message.loop, message.request)
        started = self.worker.start_loop(
            message.loop,
            request,
            playing=message.playing,
            check=lambda: self._check_unclaimed(view, message),
            begun=lambda: self._has_begun(begun, view),
        )
        view.await_answer(message.number, started)

    def _check_unclaimed(self, view: ViewAtEngine, message: messages.Begin) -> None:
        """InputError where another view was first, and this one had not heard of it."""
        told = self.feed.loops.get(message.loop)
        if told is None or self._begun_by.get(message.loop) is view:
            return
        is_over = told.changed is not None and told.changed.what.state.is_over
        if not is_over and told.begun.serial != message.heard:
            raise InputError(FIRST.format(LOOP_TITLES[message.loop]))

    def _has_begun(self, begun: messages.Begun, view: ViewAtEngine) -> None:
        self._begun_by[begun.loop] = view
        self.feed.begin(begun, view)

    def _read(self, view: ViewAtEngine, number: int, data: bytes) -> Request[object] | None:
        """A request that is answered once."""
        request = self._read_any(view, number, data)
        if isinstance(request, LoopRequest):
            raise GarbledError(f"{type(request).__name__} begins a loop")
        return request

    def _read_any(self, view: ViewAtEngine, number: int, data: bytes) -> AnyRequest | None:
        """A request; where a setting in it cannot be meant, that is its answer."""
        try:
            return read_request(data)
        except InputError as error:
            view.refuse(number, error)
            return None

    # What is told of it

    def is_busy(self) -> bool:
        """Whether a loop runs, or will by itself; one that somebody paused may wait for ever."""
        return self.worker.patience() is not None

    def describe(self) -> messages.Description:
        """Of now, whatever the worker does."""
        live = self.feed.states().items()
        loops = tuple((name, state.value) for name, state in live if not state.is_over)
        status, views = self.status, len(self.views)
        held = status.device_use.ours_bytes if status and status.device_use else None
        alone = None if views else time.monotonic() - self.left_at
        return messages.Description(
            self.name, os.getpid(), self.began, views, status, loops, held, alone
        )
