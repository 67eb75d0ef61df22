"""What a view says to its engine, as messages, and what it hears as what they mean."""

import socket
from concurrent.futures import Future
from typing import Protocol, TypeVar

from tui_trainer.link import messages
from tui_trainer.link.connection import Connection, read_nothing, reply_of
from tui_trainer.link.messages import Message
from tui_trainer.protocol.events import (
    Doing,
    Event,
    LoopBegun,
    ModelLoaded,
    Other,
    TextTyped,
    WeightsChanged,
)
from tui_trainer.protocol.loop_reports import Report
from tui_trainer.protocol.numbered import Numbered
from tui_trainer.protocol.request import LoopRequest, Request
from tui_trainer.protocol.wire import read_event, read_report, read_request, write_request

Reply = TypeVar("Reply")


class Hears(Protocol):
    """Who is told what comes, on the thread that reads."""

    def heard_event(self, event: Numbered[Event]) -> None: ...
    def heard_reports(self, name: str, reports: list[Numbered[Report]]) -> None: ...
    def heard_begun(self, name: str, serial: int) -> bool:
        """Whether that is a loop which was not heard of yet."""

    def heard_doing(self, doing: Doing | None) -> None: ...
    def heard_views(self, count: int) -> None: ...
    def heard_other(self, other: Other) -> None: ...
    def heard_end(self) -> None: ...


class EngineLink:
    """One view's. Requests are sent in the order in which they are asked."""

    def __init__(self, stream: socket.socket, hears: Hears) -> None:
        self._hears = hears
        self._connection = Connection(stream, self._hear, hears.heard_end)
        self.begin = self._connection.begin
        self.close = self._connection.close
        self.ends_within = self._connection.ends_within

    # What is said

    def ask(self, future: "Future[Reply]", request: Request[Reply]) -> None:
        data = write_request(request)
        self._connection.ask(future, reply_of(request), lambda n: messages.Ask(n, data))

    def end_loop(self, future: "Future[Reply]", name: str, last: Request[Reply]) -> None:
        data = write_request(last)
        self._connection.ask(future, reply_of(last), lambda n: messages.EndLoop(n, name, data))

    def end(self, future: "Future[Reply]", last: Request[Reply]) -> None:
        data = write_request(last)
        self._connection.ask(future, reply_of(last), lambda n: messages.EndEngine(n, data))

    def start_loop(
        self,
        future: "Future[None]",
        name: str,
        request: LoopRequest[Report],
        playing: bool,
        heard: int,
    ) -> None:
        data = write_request(request)
        begin = messages.Begin
        self._connection.ask(future, read_nothing, lambda n: begin(n, name, data, playing, heard))

    def cancel(self) -> None:
        self._connection.send(messages.CancelLoad())

    def play(self, name: str, playing: bool, steps: int) -> None:
        self._connection.send(messages.Play(name, playing, steps))

    def advance(self, name: str) -> None:
        self._connection.send(messages.Advance(name))

    def stop_loop(self, name: str) -> None:
        self._connection.send(messages.StopLoop(name))

    def share_text(self, text: str) -> None:
        self._connection.send(messages.Text(text))

    # What is heard

    def _hear(self, message: Message) -> None:
        hears = self._hears
        match message:
            case messages.Told(event):
                hears.heard_event(read_event(event))
            case messages.Reported(name, reports):
                hears.heard_reports(name, [read_report(report) for report in reports])
            case messages.Begun(serial, name, data):
                if hears.heard_begun(name, serial):
                    self._hear_begun(name, data)
            case messages.DoingNow(doing):
                hears.heard_doing(doing)
            case messages.Views(count):
                hears.heard_views(count)
            case messages.Text(text):
                hears.heard_other(TextTyped(text))
            case messages.Changed():
                hears.heard_other(WeightsChanged())
            case messages.Loaded(choice):
                hears.heard_other(ModelLoaded(choice))

    def _hear_begun(self, name: str, data: bytes) -> None:
        request = read_request(data)
        if isinstance(request, LoopRequest):
            self._hears.heard_other(LoopBegun(name, request))
