"""Memory of the device that another process takes while a loop goes; no torch."""

from collections.abc import Iterator
from dataclasses import dataclass

from tui_trainer.reports.alerts import DEVICE_MEMORY, Alert
from tui_trainer.words.numbers import byte_count

SHORT, MUCH = 1 / 10, 1 / 20
"""Of all there is: what is free where it may run out, and what others took to be told of. A loop
has all that it needs after its first steps, so that what others take where much is free is no harm.
"""


@dataclass(frozen=True)
class MemoryUse:
    """Of a device, in bytes."""

    free: int
    total: int
    ours: int
    """What this process holds of it."""

    @property
    def others(self) -> int:
        """What all others hold, and what it takes to use the device at all."""
        return max(0, self.total - self.free - self.ours)


class MemoryWatch:
    """Of one run, from how it was when that began."""

    def __init__(self, begun: MemoryUse) -> None:
        self._before = begun.others

    def look(self, step: int, now: MemoryUse) -> Iterator[Alert]:
        """What others took since the run began, or since it was told, where little is left."""
        took = now.others - self._before
        if now.free >= SHORT * now.total or took < MUCH * now.total:
            return
        self._before = now.others
        says = (
            f"Others took {byte_count(took)} of the device's memory up to step {step:,}, and "
            f"{byte_count(now.free)} of {byte_count(now.total)} are free: end what takes it, or "
            "save a checkpoint (c) before the run finds no room."
        )
        yield Alert(DEVICE_MEMORY, step, says, float(now.free), SHORT * now.total)
