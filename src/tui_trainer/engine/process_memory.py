"""What this process holds of the host's memory, now and at most."""

import resource
import sys
from contextlib import suppress
from pathlib import Path

import psutil

RESET_PEAK = "5"  # proc_pid_clear_refs(5): VmHWM begins again at what is held now


def held() -> int:
    """Bytes that are in memory now."""
    return int(psutil.Process().memory_info().rss)


def reset_peak() -> None:
    """Linux can begin it again; elsewhere it is that of the whole process, loading included."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text(RESET_PEAK)


def peak() -> int:
    """The most bytes at any moment, which the kernel keeps exactly, however short it was."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
