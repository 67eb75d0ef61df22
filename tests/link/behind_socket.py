"""A server and its worker in this process, and views of it over a real socket."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.pilot import SECONDS_AT_MOST
from tui_trainer.link.attach import Attach
from tui_trainer.link.connection import connect
from tui_trainer.link.place import path_of
from tui_trainer.link.server import Server
from tui_trainer.protocol.answers import Answers
from tui_trainer.protocol.events import Event, Other
from tui_trainer.protocol.numbered import Numbered
from tui_trainer.remote_worker import RemoteWorker
from tui_trainer.reports.progress import Progress
from tui_trainer.versions import version_of
from tui_trainer.worker import Worker

NAME = "here"


@contextmanager
def served(make_engine: Callable[[Progress], Answers], name: str = NAME) -> Iterator[Server]:
    """An engine that listens as `name`; at the end its worker has ended."""
    path = path_of(name)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(path))
    listening.listen()
    server = Server(name, version_of("tui-trainer"), lambda: None)
    worker = Worker(make_engine, server.hear)
    worker.start()
    server.serve(worker, listening)
    try:
        yield server
    finally:
        assert worker.stop(SECONDS_AT_MOST)
        server.part()
        listening.close()
        path.unlink()


@dataclass
class View:
    """What a view heard, in order."""

    attach: Attach = field(default_factory=lambda: Attach(NAME))
    events: list[Event] = field(default_factory=list)
    others: list[Other] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.worker = RemoteWorker(self.attach, self._hear, self.others.append)
        self.worker.start()

    def _hear(self, event: Numbered[Event]) -> None:
        self.numbers.append(event.number)
        self.events.append(event.what)


@contextmanager
def viewed() -> Iterator[View]:
    view = View()
    try:
        yield view
    finally:
        view.worker.leave()


def raw(path: Path) -> socket.socket:
    """A peer that says what it likes."""
    stream = connect(path)
    stream.settimeout(SECONDS_AT_MOST)
    return stream


def soon(condition: Callable[[], object]) -> None:
    """Wait for other threads."""
    deadline = time.monotonic() + SECONDS_AT_MOST
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)
