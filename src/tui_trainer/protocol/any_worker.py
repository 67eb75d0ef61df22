"""What the interface asks of a worker, whether it is in this process or in one of its own."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Protocol, TypeVar

from tui_trainer.protocol.events import Doing, Event, Other
from tui_trainer.protocol.numbered import Numbered
from tui_trainer.protocol.request import LoopRequest, Request

if TYPE_CHECKING:
    from tui_trainer.protocol.loop_reports import Report

Reply = TypeVar("Reply")


class AnyWorker(Protocol):
    """Requests in, replies and events out; `tui_trainer.worker.Worker` says what each does."""

    @property
    def doing(self) -> Doing | None: ...
    @property
    def outlives_view(self) -> bool:
        """Whether a view can leave it, and come back."""

    @property
    def views(self) -> int:
        """How many look at it, this one among them."""

    @property
    def has_loops(self) -> bool: ...
    def start(self) -> None: ...
    def stop(self, timeout: float) -> bool: ...
    def end(self, last: Request[Reply]) -> "Future[Reply]": ...
    def ask(self, request: Request[Reply]) -> "Future[Reply]": ...
    def cancel(self) -> None: ...
    def start_loop(
        self, name: str, request: "LoopRequest[Report]", *, playing: bool = True
    ) -> "Future[None]": ...
    def play(self, name: str, playing: bool, steps: int = 0) -> None: ...
    def advance(self, name: str) -> None: ...
    def stop_loop(self, name: str) -> None: ...
    def end_loop(self, name: str, last: Request[Reply]) -> "Future[Reply]": ...
    def drain(self, name: str) -> "list[Numbered[Report]]": ...

    def share_text(self, text: str) -> None:
        """Tell the other views of this worker the text of the boxes."""


MakeWorker = Callable[[Callable[[Numbered[Event]], None], Callable[[Other], None]], AnyWorker]
"""Of what is called with each event, and with what is done at another view."""
