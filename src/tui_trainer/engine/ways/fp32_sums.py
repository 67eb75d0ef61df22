"""Products of matrices that are added to a sum in fp32, whatever the matrices are stored in.

On CUDA bf16 is multiplied at many times the rate of fp32, and its products are added in fp32 all
the same: what comes of it is as exact as the bf16 that went in.
"""

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

from tui_trainer.engine.models.device_faults import is_of_the_machine

AddProduct = Callable[[Tensor, Tensor, Tensor], object]
"""Adds to the first, [a, c] in fp32, the product of the second, [a, b], and the third, [b, c]."""
ROWS = 1 << 14
"""Of a product that is held for a moment: 128 MiB for states of 2,048 numbers."""
SIZE = 8
"""Of the matrices that a way is tried with."""


def add_in_place(total: Tensor, one: Tensor, other: Tensor) -> None:
    torch.addmm(total, one, other, out_dtype=torch.float32, out=total)


def add_copies(total: Tensor, one: Tensor, other: Tensor) -> None:
    """Before torch took a sum of another type than the matrices': some rows at a time, since the
    product is held beside the sum."""
    for rows, part in zip(total.split(ROWS), one.split(ROWS), strict=True):
        rows.add_(torch.mm(part, other, out_dtype=torch.float32))


def multiply_in_fp32(total: Tensor, one: Tensor, other: Tensor) -> None:
    total.addmm_(one.float(), other.float())


@cache
def product_adder(device: torch.device, kind: torch.dtype) -> AddProduct:
    """The quickest way for matrices of that type: found by trying, since devices and versions of
    torch differ in it. A CPU stays with the plain one."""
    if kind == torch.float32 or device.type == "cpu":
        return multiply_in_fp32
    return first_that_adds((add_in_place, add_copies), device, kind)


def first_that_adds(
    ways: tuple[AddProduct, ...], device: torch.device, kind: torch.dtype
) -> AddProduct:
    """The first of `ways` that gives the right sum; the plain one where none does."""
    return next((way for way in ways if _adds(way, device, kind)), multiply_in_fp32)


def _adds(way: AddProduct, device: torch.device, kind: torch.dtype) -> bool:
    ones = torch.ones(SIZE, SIZE, dtype=kind, device=device)
    total = ones.float()
    try:
        way(total, ones, ones)
    except (RuntimeError, TypeError) as error:
        if is_of_the_machine(error, device):
            raise
        return False
    return bool((total == 1 + SIZE).all())
