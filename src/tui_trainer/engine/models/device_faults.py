"""What is left once a device could not do what it was asked: all of it, or nothing."""

import traceback

import torch

from tui_trainer.device_errors import is_of_the_device, is_out_of_memory
from tui_trainer.engine.accelerator import accelerator


def recovers_from(error: BaseException, device: torch.device | None) -> bool:
    """Whether more can be asked of `device` after `error`.

    After some errors of CUDA, such as an assert in a kernel, it does nothing more for this process,
    and cannot be begun anew in it. Where memory ran out, what torch keeps there and nothing uses is
    given back: the libraries beside torch, as cuBLAS, find room in nothing else.
    """
    try:
        if is_out_of_memory(error):
            traceback.clear_frames(error.__traceback__)  # they hold the tensors of what failed
            if device is not None:
                accelerator(device).empty_cache()
        elif is_of_the_device(error) and device is not None:
            make_it_compute(device)
    except (RuntimeError, MemoryError) as another:  # a device that is lost says so at once
        return is_out_of_memory(another)
    return True


def make_it_compute(device: torch.device) -> None:
    """Wait until it did something; RuntimeError where it does nothing."""
    torch.ones(1, device=device).add_(1).item()


def is_of_the_machine(error: BaseException, device: torch.device) -> bool:
    """Whether `error` tells of memory or the device, and so nothing of the model that was tried."""
    return is_out_of_memory(error) or not recovers_from(error, device)
