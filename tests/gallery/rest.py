"""When a screen is at rest, so that a picture of it is one of a whole screen."""

import asyncio
import time

from tests.gallery.comparison import comparable
from tests.pilot import shown
from tui_trainer.app import TuiTrainer

RESTS = 0.7  # seconds in which a chart or table draws what came last
RESTS_AT_LAST = 1.2  # what Step measures may wait for a second
AT_MOST = 60.0
SOON = 8.0


async def settled(app: TuiTrainer, seconds: float = RESTS) -> None:
    """Wait until the charts and tables have made their last drawing.

    A clock that runs may go on: what holds the worker for a second is on show too.
    """
    before = ""
    async with asyncio.timeout(AT_MOST):
        while (now := comparable(shown(app))) != before or not now or is_measuring(app):
            before = now
            await asyncio.sleep(seconds)


def is_measuring(app: TuiTrainer) -> bool:
    """Whether the worker is at something that ends soon."""
    doing = app.worker.doing
    return doing is not None and time.monotonic() - doing.since < SOON
