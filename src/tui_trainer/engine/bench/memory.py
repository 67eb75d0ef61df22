"""The most memory that was held at any moment of a stretch of time."""

import torch

from tui_trainer.engine.accelerator import accelerator


class PeakMemory:
    """torch's allocations on a GPU; on a CPU what the process holds."""

    def __init__(self, device: torch.device) -> None:
        self._of = accelerator(device)
        self.peak_bytes = 0

    def reset(self) -> None:
        """Forget what was before."""
        self.peak_bytes = 0
        self.resume()

    def pause(self) -> None:
        """Take in the peak since `resume`; what follows does not count."""
        self.peak_bytes = max(self.peak_bytes, self._of.peak())

    def resume(self) -> None:
        self._of.reset_peak()
