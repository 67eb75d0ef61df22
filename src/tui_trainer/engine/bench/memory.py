"""The most memory that was held at any moment of a stretch of time."""

import resource
import sys
from contextlib import suppress
from pathlib import Path

import torch

RESET_PEAK = "5"  # proc_pid_clear_refs(5): VmHWM begins again at what is held now


class PeakMemory:
    """torch's allocations on a CUDA device; on a CPU what the process holds.

    The kernel keeps the process's peak exactly, however short it was. Linux can begin it again;
    elsewhere it is that of the whole process, loading included.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.peak_bytes = 0

    def reset(self) -> None:
        """Forget what was before."""
        self.peak_bytes = 0
        self.resume()

    def pause(self) -> None:
        """Take in the peak since `resume`; what follows does not count."""
        self.peak_bytes = max(self.peak_bytes, self._read())

    def resume(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
            return
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text(RESET_PEAK)

    def _read(self) -> int:
        if self._device.type == "cuda":
            return torch.cuda.max_memory_allocated(self._device)
        with suppress(OSError):
            for line in Path("/proc/self/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
