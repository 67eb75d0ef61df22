"""What a command does where its loop cannot go on by itself: nobody is there to be asked."""

import time

from tui_trainer.errors import UnfinishedError
from tui_trainer.reports.loop import RETRY_SECONDS, HaltReport
from tui_trainer.say import say

WAITS = "It is tried again every few seconds; ctrl+c ends the command."


class Waiting:
    """Waits for room on the disk, however long that takes: what was learned is in memory alone."""

    def __init__(self) -> None:
        self._step: int | None = None
        """Of the halt that was told."""

    def wait(self, halt: HaltReport) -> None:
        """Return when it is time to try again; UnfinishedError where that would change nothing."""
        if not halt.may_pass:
            raise UnfinishedError(halt.why)
        if halt.step != self._step:
            self._step = halt.step
            say(f"{halt.why} {WAITS}")
        time.sleep(RETRY_SECONDS)
