"""The state of the random numbers that dropout draws."""

import torch
from torch import Tensor

from tui_trainer.engine.accelerator import accelerator

Rng = tuple[Tensor, ...]


def get_rng(device: torch.device) -> Rng:
    """The state of the random numbers of the CPU and, where it is another, of `device`."""
    return (torch.get_rng_state(), *accelerator(device).rng_state())


def set_rng(device: torch.device, rng: Rng) -> None:
    torch.set_rng_state(rng[0])
    if len(rng) > 1:
        accelerator(device).set_rng_state(rng[1])
