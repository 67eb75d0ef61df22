"""Requests that a test makes up: what is done on the worker's thread is a function of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tui_trainer.protocol.request import LoopRequest, Request

Reply = TypeVar("Reply")
Report = TypeVar("Report")


@dataclass(frozen=True)
class Call(Request[Reply], Generic[Reply]):
    """Answered by what the function gives for the engine."""

    function: Callable[[Any], Reply]

    def answered_by(self, engine: Any) -> Reply:
        return self.function(engine)


@dataclass(frozen=True)
class Loop(LoopRequest[Report], Generic[Report]):
    """Begun by the function."""

    function: Callable[[Any], Iterator[Report]]

    def begun_by(self, engine: Any) -> Iterator[Report]:
        return self.function(engine)
