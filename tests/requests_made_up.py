"""Requests that a test makes up: what is done on the worker's thread is a function of its own."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from tests.fake_engine import FakeEngine
from tests.known import the
from tui_trainer.protocol.answers import Answers
from tui_trainer.protocol.loop_reports import Report
from tui_trainer.protocol.request import LoopRequest, Request
from tui_trainer.reports.generation import GeneratedToken
from tui_trainer.reports.models import LearnerStatus, LoadProgress
from tui_trainer.reports.progress import Progress
from tui_trainer.settings.model import ModelChoice

WAIT = 10.0
Reply = TypeVar("Reply")


class Scripted(FakeEngine):
    """Its loops count up, and a test says when a step may go on."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self.progress = progress
        self.thread = threading.get_ident()
        self.closed: list[str] = []
        self.loading: Callable[[], None] = lambda: None

    def count(self, name: str = "loop", end: int = 10**9) -> Iterator[Report]:
        try:
            for number in range(1, end + 1):
                time.sleep(0.0005)  # slow enough that the reports kept do not run over
                yield step(number)
        finally:
            self.closed.append(name)

    def fail_after(self, steps: int, error: BaseException) -> Iterator[Report]:
        yield from self.count(end=steps)
        raise error

    def load_model(self, choice: ModelChoice) -> LearnerStatus:
        self.loading()
        return super().load_model(choice)

    def wait_for_cancel(self) -> None:
        """As a long load does: looks up now and then."""
        self.progress.report(LoadProgress("Loading"))
        deadline = time.monotonic() + WAIT
        while time.monotonic() < deadline:
            self.progress.check()
            time.sleep(0.005)


def step(number: int) -> GeneratedToken:
    """The report of that step; the worker never looks inside."""
    return GeneratedToken(number, number, "", 0.0, None, ends=False)


@dataclass(frozen=True)
class Call(Request[Reply], Generic[Reply]):
    """Answered by what the function gives for the engine."""

    function: Callable[[Scripted], Reply]

    def answered_by(self, engine: Answers) -> Reply:
        return self.function(the(Scripted, engine))


@dataclass(frozen=True)
class Loop(LoopRequest[Report]):
    """Begun by the function."""

    function: Callable[[Scripted], Iterator[Report]]

    def begun_by(self, engine: Answers) -> Iterator[Report]:
        return self.function(the(Scripted, engine))
