"""What the line of status tells: what the worker does, and what waits for it."""

import time
from dataclasses import dataclass

from tui_trainer.protocol.events import Doing
from tui_trainer.session.session import Session
from tui_trainer.words.loading import describe_loading

SHOW_AFTER = 0.08  # seconds; what is done faster needs no word, what is not is told within 0.1
LONG_STEP = 1.0  # seconds; a shorter step of a loop needs no clock


@dataclass(frozen=True)
class Told:
    """What the line of status tells of the worker."""

    what: str = ""
    seconds: float = 0.0
    waiting: str = ""
    """What is next in line."""
    loop: str | None = None
    """The name of the loop whose step it is."""


def what_goes_on(doing: Doing | None, session: Session) -> Told:
    """What the worker does and what waits for it; nothing for a short while."""
    seconds = 0.0 if doing is None else max(0.0, time.monotonic() - doing.since)
    if doing is None or seconds < SHOW_AFTER:
        return Told()
    waiting = session.pending.waiting()
    if session.loading is not None:
        return Told(describe_loading(session.loading), seconds, waiting)
    if doing.loop is None:
        return Told(doing.what, seconds, waiting)
    if (seconds < LONG_STEP and not waiting) or doing.loop not in session.loops:
        return Told()
    return Told(f"{session.describe_loop(doing.loop)}, step", seconds, waiting, doing.loop)
