"""What Predict asks of the engine, again and again: one request is with the worker at a time."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from textual.widget import Widget

from tui_trainer.failures import Failure
from tui_trainer.protocol.predictions import Inspect
from tui_trainer.reports.generation import Inspection
from tui_trainer.session.session import Session
from tui_trainer.settings.sampling import Sampling
from tui_trainer.widgets.dimmed import dimmed

FOLLOW_SECONDS = 0.5  # how often the tables follow the weights while a loop trains them
HURRY_SECONDS = 0.15  # and how often what the user or the screen's own loop changes meanwhile
RETRY_SECONDS = 1 / 12
CANDIDATES = 50


@dataclass(frozen=True)
class Shown:
    """What the screen shows: asked of the engine whenever it, or the weights, changed."""

    text: str
    generated: tuple[int, ...]
    index: int
    sampling: Sampling

    def request(self) -> Inspect:
        return Inspect(self.text, self.generated, self.index, self.sampling, CANDIDATES)


class Asking:
    """Keeps what is on show that of the weights as they are."""

    def __init__(
        self,
        session: Session,
        *,
        to_show: Callable[[], Shown | None],
        waits: Callable[[], Iterable[Widget]],
        show: Callable[[Inspection, Shown], None],
        say_failure: Callable[[Failure], None],
    ) -> None:
        """`to_show` is what the screen should show now, None while nobody can see it or there is
        no model; `waits` hears of each request, and gives what is old until it is answered."""
        self._session = session
        self._to_show, self._waits = to_show, waits
        self._show, self._say_failure = show, say_failure
        self.asked: Shown | None = None
        """The last that was asked for."""
        self.is_stale = False
        """Whether the weights have changed since."""
        self._lock = asyncio.Lock()
        self._at = 0.0

    async def ask(self) -> None:
        """Until the answer is for what the screen should show; no faster than a loop allows."""
        if self._lock.locked():
            return
        async with self._lock:  # which whatever goes wrong gives back
            while (shown := self._to_show()) is not None and (self.is_stale or shown != self.asked):
                if self._is_too_soon(shown):
                    await asyncio.sleep(RETRY_SECONDS)
                else:
                    await self._ask_for(shown)

    async def _ask_for(self, shown: Shown) -> None:
        following = self._is_beside_loop and shown == self.asked
        self.asked, self.is_stale, self._at = shown, False, time.monotonic()
        with dimmed(*self._waits(), following=following):
            inspection = await self._session.ask(shown.request(), self._say_failure)
        if inspection is not None:
            self._show(inspection, shown)

    @property
    def _is_beside_loop(self) -> bool:
        return any(self._session.is_running(name) for name in self._session.loops)

    def _is_too_soon(self, shown: Shown) -> bool:
        """A loop that trains or generates is not to be held up by whoever looks at it."""
        if not self._is_beside_loop:
            return False
        pause = FOLLOW_SECONDS if shown == self.asked else HURRY_SECONDS
        return time.monotonic() - self._at < pause
