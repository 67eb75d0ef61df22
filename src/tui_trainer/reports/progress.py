"""Where the engine says how far a long load is, and learns that it was cancelled."""

import threading
from collections.abc import Callable

from tui_trainer.errors import CancelledError
from tui_trainer.reports.models import LoadProgress
from tui_trainer.reports.threads import ThreadShare


class Progress:
    """Where a long load says how far it is, and learns that it was cancelled."""

    def __init__(
        self,
        report: Callable[[LoadProgress], None],
        tell_threads: Callable[[ThreadShare], None] = lambda _: None,
    ) -> None:
        """`tell_threads` hears how many threads compute, where that becomes another number."""
        self.report = report
        self.tell_threads = tell_threads
        self.cancelled = threading.Event()

    def check(self) -> None:
        """Raise CancelledError where the user asked to stop."""
        if self.cancelled.is_set():
            raise CancelledError("The load was cancelled.")


UNHEARD = Progress(lambda _: None)
"""For a load that nobody watches and nobody cancels."""
