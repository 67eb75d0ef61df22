"""The update of a piece of weights as one kernel, where a compiler can make one.

As plain PyTorch it is some thirty, each of which reads and writes numbers that the next one needs:
on a GPU 250 bytes a weight, where the update itself reads 8 and writes 6.
"""

import logging
from collections.abc import Callable, Sequence
from functools import cache

import torch
from torch import Tensor

from tui_trainer.engine.models.device_faults import is_of_the_machine
from tui_trainer.engine.random_numbers import get_rng, set_rng

COMPILED_ON = ("cuda",)
"""Where the seconds that the compiler takes before the first update are soon won back. On a CPU
nearly all of an update is drawing its random numbers, and those would be others."""
ONE_STEP = 2**-7
"""From a bf16 number to the next one, at most, in parts of it."""

Update = Callable[..., None]
"""Changes the first of some tensors in place, given numbers too; all it computes is in fp32."""

log = logging.getLogger(__name__)


def in_one_kernel(
    update: Update, device: torch.device, tensors: int, numbers: tuple[float, ...]
) -> Update:
    """`update` compiled, where that is of use and was found to give the same, else as it is.

    It is tried, once, with so many `tensors` of numbers around 1, and these `numbers`.
    """
    if device.type not in COMPILED_ON:
        return update
    return _compiled(update, device, tensors, numbers)


@cache
def _compiled(
    update: Update, device: torch.device, tensors: int, numbers: tuple[float, ...]
) -> Update:
    # For any length, and any learning rate: those of the next piece and step are others.
    compiled = torch.compile(update, dynamic=True, fullgraph=True)
    rng = get_rng(device)
    try:
        for length in (4096, 1001):
            found, expected = (
                _tried(way, device, tensors, numbers, length) for way in (compiled, update)
            )
            if not _are_near(found, expected):
                log.warning("%s gives other numbers where it is compiled", update.__name__)
                return update
    except Exception as error:  # the compiler's own, which are many
        if is_of_the_machine(error, device):
            raise
        log.warning("%s cannot be compiled", update.__name__, exc_info=True)
        return update
    finally:
        set_rng(device, rng)
    return compiled


@torch.no_grad()  # as in a step: the compiler would begin anew for another mode
def _tried(
    update: Update, device: torch.device, tensors: int, numbers: Sequence[float], length: int
) -> list[Tensor]:
    spread = torch.linspace(0.5, 1.5, length, device=device)
    given = [spread.roll(n).bfloat16() for n in range(tensors)]
    update(*given, *numbers)
    return given


def _are_near(found: Sequence[Tensor], expected: Sequence[Tensor]) -> bool:
    """No more than one bf16 number apart, which is up to chance."""
    return all(
        torch.allclose(one.float(), other.float(), rtol=ONE_STEP, atol=0)
        for one, other in zip(found, expected, strict=True)
    )
