"""When a screen is at rest, so that a picture of it is one of a whole screen."""

import asyncio
import time

from textual.pilot import Pilot

from tests.gallery.comparison import comparable
from tests.known import the
from tests.pilot import shown
from tui_trainer.app import TuiTrainer

RESTS = 0.7  # seconds in which a chart or table draws what came last
RESTS_AT_LAST = 1.2  # what Step measures may wait for a second
AT_MOST = 60.0
SOON = 8.0
ASKED = 0.1  # until what a key asks for is with the worker


async def settled(app: TuiTrainer, seconds: float = RESTS) -> None:
    """Wait until the charts and tables have made their last drawing.

    A clock that runs may go on: what holds the worker for a second is on show too.
    """
    before = ""
    async with asyncio.timeout(AT_MOST):
        while (now := comparable(shown(app))) != before or not now or is_measuring(app):
            before = now
            await asyncio.sleep(seconds)


class PatientPilot(Pilot[int]):
    """After each key it waits for what the worker is at, unless that is held."""

    async def press(self, *keys: str) -> None:
        app = the(TuiTrainer, self.app)
        for key in keys:
            await super().press(key)
            await asyncio.sleep(ASKED)
            while is_measuring(app):
                await asyncio.sleep(ASKED)
            await self.pause()


def is_measuring(app: TuiTrainer) -> bool:
    """Whether the worker is at something that ends soon."""
    doing = app.worker.doing
    return doing is not None and time.monotonic() - doing.since < SOON
