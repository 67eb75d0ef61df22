"""The state of the random numbers that dropout draws."""

import torch
from torch import Tensor

Rng = tuple[Tensor, ...]


def get_rng(device: torch.device) -> Rng:
    """The state of the random numbers of the CPU and, where it is one, of the CUDA device."""
    cuda = (torch.cuda.get_rng_state(device),) if device.type == "cuda" else ()
    return (torch.get_rng_state(), *cuda)


def set_rng(device: torch.device, rng: Rng) -> None:
    torch.set_rng_state(rng[0])
    if len(rng) > 1:
        torch.cuda.set_rng_state(rng[1], device)
