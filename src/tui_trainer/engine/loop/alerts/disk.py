"""A disk that a run will fill; no torch."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from tui_trainer.reports.alerts import DISK, Alert
from tui_trainer.reports.loop import HaltReport, LoopReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.unwritable import UnwritableError, free_bytes
from tui_trainer.words.numbers import byte_count

TIMES = 2.0
"""What the run writes next, so many times: a checkpoint is whole before another is deleted."""
ROOM_AGAIN = 1.5
"""Times what is nearly full: so much has to be free before it is told again."""
LOOK_SECONDS = 30.0
"""Between two looks: a server of files may take its time to answer."""


class DiskWatch:
    """Of the disk of one run: told once, until there was room."""

    def __init__(self, wanted: Callable[[], int]) -> None:
        """`wanted` gives what the run writes next, in bytes."""
        self._wanted = wanted
        self._looked: float | None = None
        self._is_told = False
        self._halted_at: int | None = None
        """The last step whose halt was told."""

    def watched(self, report: LoopReport, folder: Path) -> LoopReport:
        """A step with the alert that its disk is nearly full, where that is looked at and so."""
        if not isinstance(report, StepReport):
            return report
        now = time.monotonic()
        if self._looked is not None and now - self._looked < LOOK_SECONDS:
            return report
        self._looked = now
        alerts = tuple(self.look(report.step, free_bytes(folder), folder))
        return replace(report, alerts=(*report.alerts, *alerts)) if alerts else report

    def look(self, step: int, free: int | None, folder: Path) -> Iterator[Alert]:
        """`free` is in bytes; None where it is not known."""
        if free is None:
            return
        wanted = self._wanted()
        least = TIMES * wanted
        if free > ROOM_AGAIN * least:
            self._is_told = False
        if free >= least or self._is_told:
            return
        self._is_told = True
        says = (
            f"The disk is nearly full: {byte_count(free)} are free at {folder}, and the run writes "
            f"{byte_count(wanted)} next. Make room: where there is none, it waits for it."
        )
        yield Alert(DISK, step, says, float(free), least)

    def halt(self, step: int, error: UnwritableError) -> HaltReport:
        """That a step could not be written, as an alert too where it is new."""
        free = free_bytes(error.path)
        halt = HaltReport(step, self._why_halted(step, error, free), error.lacks_room)
        if step == self._halted_at:
            return halt
        self._halted_at, self._is_told = step, True
        value = None if free is None else float(free)
        return replace(halt, alerts=(Alert(DISK, step, halt.why, value, self._wanted()),))

    def _why_halted(self, step: int, error: UnwritableError, free: int | None) -> str:
        remedy = "let it be written, then go on"
        if error.lacks_room:
            room = "" if free is None else f", {byte_count(free)} are free"
            wanted = f"about {byte_count(self._wanted())}"
            remedy = f"make room ({wanted}{room}), and it goes on by itself"
        return (
            f"Step {step:,} is made, and not written to {error.path} ({error.why}): "
            f"{remedy}. Nothing is lost meanwhile."
        )
