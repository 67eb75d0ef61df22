"""A loop that the worker advances: its generator, whether it plays, and when it is tried again."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

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
