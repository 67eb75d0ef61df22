"""What keys ask for that changes the weights: refused, or put in line and counted."""

from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from tui_trainer.failures import Failure
from tui_trainer.protocol.request import Request
from tui_trainer.protocol.updates import Update
from tui_trainer.session.going_on import Act
from tui_trainer.session.session import Session

Reply = TypeVar("Reply")


class UpdateQueue:
    """Updates, phases, undo and redo that were typed ahead, a few of each."""

    def __init__(
        self, session: Session, *, keeps: Callable[[int], bool], changed: Callable[[], None]
    ) -> None:
        """`keeps` tells whether one more may wait where so many do; `changed` shows how many."""
        self._session = session
        self._keeps, self._changed = keeps, changed
        self._waiting: Counter[str] = Counter()
        """How many of a kind, by what the user is told goes on."""

    @property
    def updates(self) -> int:
        """How many whole updates wait or are being made."""
        return self._waiting[Update.doing]

    async def make(
        self,
        act: Act,
        request: Request[Reply],
        on_failure: Callable[[Failure], None] | None = None,
    ) -> Reply | None:
        """The reply; None where it failed, may not be done now, or the key is held down, which
        the user was told."""
        if self._session.refuses(act) or not self._keeps(self._waiting[request.doing]):
            return None
        self._count(request, 1)
        reply = await self._session.update(request, on_failure)
        self._count(request, -1)
        return reply

    def _count(self, request: Request[Reply], change: int) -> None:
        self._waiting[request.doing] += change
        self._changed()
