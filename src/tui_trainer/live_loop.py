"""A loop that the worker advances: its generator, whether it plays, and when it is tried again."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from tui_trainer.reports.loop import RETRY_SECONDS, BetweenSteps, HaltReport

if TYPE_CHECKING:  # as in the worker
    from tui_trainer.protocol.loop_reports import Report


@dataclass(frozen=True)
class Retry:
    """When a loop that stands at a step is tried again, and whether it then plays."""

    step: int
    due: float
    """In seconds of `time.monotonic`."""
    plays: bool


@dataclass
class LiveLoop:
    """A generator and whether the worker advances it."""

    reports: "Iterator[Report]"
    playing: bool
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    """Of its reports."""
    retry: Retry | None = None
    """Where it may go on by itself, as when there is room on the disk again."""
    steps: int = 0
    """How many it makes yet before it pauses; 0 where it does not by itself."""

    def makes_last_of_those_asked(self, report: "Report") -> bool:
        """Count a step; whether it is the last before it pauses."""
        if not self.steps or isinstance(report, BetweenSteps | HaltReport):
            return False
        self.steps -= 1
        return self.steps == 0

    def halt(self, report: HaltReport) -> bool:
        """Stand, until it is tried again where that may help; whether that is new."""
        before, plays = self.retry, self.playing
        due = time.monotonic() + RETRY_SECONDS
        if before is not None:
            plays = before.plays
        self.playing = False
        self.retry = Retry(report.step, due, plays) if report.may_pass else None
        return before is None or before.step != report.step
