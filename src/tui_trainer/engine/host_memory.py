"""The host's memory, as far as this process may have it: a container has less than its machine.

What goes over a control group's limit is not refused: the kernel ends the process.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

from tui_trainer.engine.control_groups import (
    ROOT,
    groups_of_version_1,
    groups_of_version_2,
    read_text,
)


@dataclass(frozen=True)
class Group:
    """A control group with a limit of memory."""

    limit: int
    used: Path
    """The file that says how much of it is taken."""
    stat: Path
    reclaimed: str
    """What stands in `stat` before the bytes of files that the kernel would let go of."""

    @property
    def free(self) -> int:
        """Bytes that are left of it; all where that cannot be read."""
        used = read_text(self.used).strip()
        files = (line.split() for line in read_text(self.stat).splitlines())
        cached = next((int(line[1]) for line in files if line[0] == self.reclaimed), 0)
        return max(0, self.limit - max(0, int(used) - cached)) if used.isdecimal() else self.limit


def available_memory() -> int:
    """Bytes that this process can still take."""
    return min([psutil.virtual_memory().available, *(group.free for group in own_groups())])


def total_memory() -> int:
    """Bytes that it could have if nobody else had any."""
    return min([psutil.virtual_memory().total, *(group.limit for group in own_groups())])


@cache
def own_groups() -> tuple[Group, ...]:
    """Found once: the limits of a process that runs stay."""
    return tuple(limited_groups(ROOT))


def limited_groups(root: Path) -> Iterator[Group]:
    """The groups of this process that have a limit; `root` is where `proc` and `sys` are."""
    for folder in groups_of_version_2(root):
        if (limit := read_text(folder / "memory.max").strip()).isdecimal():
            used, stat = folder / "memory.current", folder / "memory.stat"
            yield Group(int(limit), used, stat, "inactive_file")
    for folder in groups_of_version_1(root, "memory"):
        if (limit := read_text(folder / "memory.limit_in_bytes").strip()).isdecimal():
            used, stat = folder / "memory.usage_in_bytes", folder / "memory.stat"
            yield Group(int(limit), used, stat, "total_inactive_file")
