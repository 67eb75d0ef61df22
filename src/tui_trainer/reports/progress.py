"""Where a long load says how far it is, and learns that it was cancelled."""

import threading
from collections.abc import Callable

from tui_trainer.errors import CancelledError
from tui_trainer.reports.models import LoadProgress


class Progress:
    """Where a long load says how far it is, and learns that it was cancelled."""

    def __init__(self, report: Callable[[LoadProgress], None]) -> None:
        self.report = report
        self.cancelled = threading.Event()

    def check(self) -> None:
        """Raise CancelledError where the user asked to stop."""
        if self.cancelled.is_set():
            raise CancelledError("The load was cancelled.")


UNHEARD = Progress(lambda _: None)
"""For a load that nobody watches and nobody cancels."""
