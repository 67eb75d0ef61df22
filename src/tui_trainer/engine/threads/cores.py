"""How many cores this process may use: those it is bound to, its quota, what Slurm gave it.

torch sees the first of these alone: in a container that has two cores' time it starts a thread for
each of sixty-four. No torch here.
"""

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tui_trainer.engine.control_groups import (
    ROOT,
    groups_of_version_1,
    groups_of_version_2,
    read_text,
)

SETS_THREADS = "OMP_NUM_THREADS", "MKL_NUM_THREADS"
"""torch takes its number from the first of these that is set: the user's word, which nothing here
overrules."""


@dataclass(frozen=True)
class Group:
    """A control group that this process is in, and that has a quota."""

    quota: float
    """In cores: seconds of CPU time a second."""
    used: Path
    """The file that says how much it used, where there is one."""
    line: str = ""
    """What stands before the figure in that file; empty where it has nothing else."""
    unit: float = 1e-9
    """Of the figure, in seconds."""

    def used_seconds(self) -> float | None:
        """CPU time of all its processes so far; None where that cannot be read."""
        found = read_text(self.used)
        for line in found.splitlines():
            name, _, figure = line.rpartition(" ")
            if name == self.line and figure.isdecimal():
                return int(figure) * self.unit
        return None


@dataclass(frozen=True)
class Cores:
    """What this process may use."""

    bound: frozenset[int]
    """The numbers of the cores that it may run on."""
    groups: tuple[Group, ...] = ()
    granted: int | None = None
    """What Slurm gave each task."""

    @property
    def whole(self) -> int:
        """As many threads as can always run at once.

        Of a quota of 1.5 that is 1: with two, both run out of it at some moment of each tenth of a
        second, and whichever stops first is waited for by the other, which spins away what is left.
        """
        most = [len(self.bound), *(group.quota for group in self.groups)]
        return max(1, math.floor(min([*most, self.granted or math.inf])))


def usable_cores(root: Path = ROOT, environment: Mapping[str, str] = os.environ) -> Cores:
    """What this process may use; `root` is where `proc` and `sys` are."""
    return Cores(bound_cores(), tuple(groups_with_quota(root)), granted_by_slurm(environment))


def is_set_by_user(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment says how many threads there are to be."""
    return any(environment.get(name, "").strip() for name in SETS_THREADS)


def bound_cores() -> frozenset[int]:
    """Linux binds processes to cores (taskset, cpuset, Slurm); elsewhere it is all of them."""
    if hasattr(os, "sched_getaffinity"):
        return frozenset(os.sched_getaffinity(0))
    return frozenset(range(os.cpu_count() or 1))


def granted_by_slurm(environment: Mapping[str, str]) -> int | None:
    """`--cpus-per-task`, which not every cluster binds a task to."""
    told = environment.get("SLURM_CPUS_PER_TASK", "")
    return max(1, int(told)) if told.isdecimal() else None


# Control groups


def groups_with_quota(root: Path) -> Iterator[Group]:
    """The groups of this process, its own and those above it, that have a quota."""
    for folder in groups_of_version_2(root):
        quota, _, period = read_text(folder / "cpu.max").strip().partition(" ")
        if (cores := as_cores(quota, period)) is not None:
            yield Group(cores, folder / "cpu.stat", "usage_usec", 1e-6)
    mount = root / "sys/fs/cgroup"
    for folder in groups_of_version_1(root, "cpu"):
        quota = read_text(folder / "cpu.cfs_quota_us").strip()  # -1 where there is none
        period = read_text(folder / "cpu.cfs_period_us").strip()
        if (cores := as_cores(quota, period)) is not None:
            used = mount / "cpuacct" / folder.relative_to(mount / "cpu")
            yield Group(cores, used / "cpuacct.usage")


def as_cores(quota: str, period: str) -> float | None:
    """Both in microseconds; None where there is no quota, or none that can be read."""
    if not quota.isdecimal() or not period.isdecimal() or not int(period):
        return None
    return int(quota) / int(period)
