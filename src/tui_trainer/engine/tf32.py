"""TF32: on an NVIDIA GPU products of fp32 matrices from 11 bits of each number, not 24."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


def set_tf32(on: bool) -> None:
    """Whether CUDA multiplies fp32 matrices in TF32, which torch leaves off.

    By the older of torch's two names for it: asked by the newer alone, torch.compile raises, since
    it reads the older.
    """
    if on != tf32_is_on():
        torch.set_float32_matmul_precision("high" if on else "highest")


def tf32_is_on() -> bool:
    return torch.backends.cuda.matmul.fp32_precision == "tf32"


@contextmanager
def tf32(on: bool) -> Iterator[None]:
    """So in the block, and then as it was."""
    before = tf32_is_on()
    set_tf32(on)
    try:
        yield
    finally:
        set_tf32(before)
