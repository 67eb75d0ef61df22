"""What every request is: plain values, and the call that answers it."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

if TYPE_CHECKING:
    from tui_trainer.protocol.answers import Answers


Reply_co = TypeVar("Reply_co", covariant=True)
Report_co = TypeVar("Report_co", covariant=True)


@dataclass(frozen=True)
class Request(ABC, Generic[Reply_co]):
    """Something that is answered once, with a Reply."""

    doing: ClassVar[str] = ""
    """What the user is told goes on where it takes its time; empty where nothing is told."""

    is_seen_by_all: ClassVar[bool] = False
    """Whether another view has to look anew once it is answered: weights or settings of the model
    are others, or what is kept of them."""

    @abstractmethod
    def answered_by(self, engine: "Answers") -> Reply_co:
        """The reply, on the thread that owns the engine; raises what the engine raises."""


@dataclass(frozen=True)
class LoopRequest(ABC, Generic[Report_co]):
    """Something that goes on, with a Report for each step that is asked of it."""

    doing: ClassVar[str] = ""
    """As a Request's, while it begins."""

    @abstractmethod
    def begun_by(self, engine: "Answers") -> Iterator[Report_co]:
        """The loop, before its first step; raises where it cannot begin."""
