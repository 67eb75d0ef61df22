"""When a screen is at rest, so that a picture of it is one of a whole screen."""

import asyncio

from tests.gallery.comparison import comparable
from tests.pilot import shown
from tui_trainer.app import TuiTrainer

RESTS = 0.7  # seconds in which a chart or table draws what came last
RESTS_AT_LAST = 1.2  # what Step measures may wait for a second
AT_MOST = 60.0


async def settled(app: TuiTrainer, seconds: float = RESTS) -> None:
    """Wait until the charts and tables have made their last drawing.

    A clock that runs may go on: what holds the worker is on show too.
    """
    before = ""
    async with asyncio.timeout(AT_MOST):
        while (now := comparable(shown(app))) != before or not now:
            before = now
            await asyncio.sleep(seconds)
