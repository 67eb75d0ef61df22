"""What others leave of the cores that this process may use. No torch here."""

import time
from dataclasses import dataclass

import psutil

from tui_trainer.engine.threads.cores import Cores

IDLE = "idle", "iowait"
INSIDE_OTHERS = "guest", "guest_nice"
"""Linux counts these in `user` and `nice` too."""


@dataclass(frozen=True)
class Look:
    """CPU time up to a moment, all in seconds; None where the system does not tell."""

    at: float
    ours: float
    """Of all threads of this process."""
    busy: float | None = None
    """Of the cores that it may run on, whoever used them; what a hypervisor took is among it."""
    groups: tuple[float | None, ...] = ()
    """Of each of the control groups with a quota that it is in."""


def look(cores: Cores) -> Look:
    """At this moment; some 0.1 ms on two cores, a few ms on a hundred."""
    used = tuple(group.used_seconds() for group in cores.groups)
    return Look(time.perf_counter(), time.process_time(), busy_seconds(cores.bound), used)


def busy_seconds(bound: frozenset[int]) -> float | None:
    """Of these cores."""
    try:
        each = psutil.cpu_times(percpu=True)
    except (OSError, RuntimeError):  # a container without /proc/stat
        return None
    return sum(busy(times._asdict()) for core, times in enumerate(each) if core in bound)


def busy(times: dict[str, float]) -> float:
    """All of a core's time but what it was idle."""
    return sum(took for what, took in times.items() if what not in IDLE + INSIDE_OTHERS)


def left_by_others(cores: Cores, before: Look, after: Look) -> float:
    """How many cores' time there was for this process between two looks, used by it or not.

    It is what the scarcest of them left: the cores, or the quota of a group.
    """
    seconds, ours = after.at - before.at, after.ours - before.ours
    shares = [(float(len(cores.bound)), before.busy, after.busy)]
    quotas = [group.quota for group in cores.groups]
    shares += zip(quotas, before.groups, after.groups, strict=True)
    return min(
        size - max(0.0, then - earlier - ours) / seconds
        if earlier is not None and then is not None
        else size
        for size, earlier, then in shares
    )


def taken(before: Look, after: Look) -> float:
    """How many cores' time this process had between two looks."""
    return (after.ours - before.ours) / (after.at - before.at)
