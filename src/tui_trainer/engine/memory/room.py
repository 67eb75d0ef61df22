"""Whether a device has room for what is to come."""

import ctypes
from contextlib import suppress

import torch

from tui_trainer.engine.accelerator import accelerator
from tui_trainer.engine.models.devices import free_memory
from tui_trainer.errors import InputError
from tui_trainer.words.numbers import gigabytes

FRAGMENTED = 0.03
"""The share of an accelerator's allocations that lies between others, where nothing fits in. Not
measured yet: PyTorch's own figures for its expandable segments are below it."""
WORKSPACE = 1 << 26
"""Bytes that cuBLAS takes for itself: 32 MiB on Hopper, and as much for its second interface."""


def lacking(needed: int, device: torch.device) -> int:
    """How many bytes a device has too few for `needed` more; 0 where there is room."""
    return max(0, with_margin(needed, device) - free_memory(device))


def with_margin(needed: int, device: torch.device) -> int:
    """What tensors of `needed` bytes take of a device: the host's allocator returns what it has."""
    if device.type == "cpu":
        return needed
    return round(needed * (1 + FRAGMENTED)) + WORKSPACE


def no_room(use: str, needed: int, device: torch.device, remedy: str) -> InputError:
    """To be raised where a use of `needed` bytes more has no room; `remedy` is what to do then."""
    return InputError(
        f"{use} needs {gigabytes(needed)} GB more on {device}, and "
        f"{gigabytes(free_memory(device))} are free: {remedy}."
    )


def release_unused(device: torch.device) -> None:
    """Give back what the allocators keep of what was let go: there it would count as taken.

    torch's on the device, and on the host glibc's, which else keeps up to half of what a loop had.
    """
    accelerator(device).empty_cache()
    with suppress(OSError, AttributeError):  # another C library has no such thing
        ctypes.CDLL(None).malloc_trim(0)
