"""What a command tells of its loop's alerts, on standard error."""

import sys
from contextlib import suppress

from tui_trainer.reports.loop import HaltReport, LoopReport, alerts_of
from tui_trainer.say import say

BELL = "\a"


def tell_alerts(report: LoopReport, *, bell: bool) -> None:
    """A line for each; a halt is told as such, and the bell rings for it all the same."""
    alerts = alerts_of(report)
    for alert in () if isinstance(report, HaltReport) else alerts:
        say(alert.says)
    if alerts and bell:
        ring()


def ring() -> None:
    """The bell, where standard error is a terminal."""
    with suppress(OSError, ValueError):  # it may be closed
        if sys.stderr is not None and sys.stderr.isatty():
            sys.stderr.write(BELL)
            sys.stderr.flush()
