"""What `optimizer.step` takes: the moments that stay, and the temporaries that come and go.

Read from torch's `_single_tensor_adam`, `_multi_tensor_adam` and `_fused_adam`, and counted in
the tests.
"""

from collections.abc import Sequence
from enum import Enum

from tui_trainer.engine.optimizers.stochastic_rounding import PIECE, TEMPORARY_BYTES

MOMENTS = {"AdamW": 2, "SGD": 0}
"""Tensors that an optimizer keeps for each weight, of its type."""
FOREACH_DEVICES = "cuda", "xpu"
"""Where torch takes `foreach` unless it is told otherwise."""
SMALLEST = 512
"""Bytes that a tensor of one number takes of CUDA's allocator."""


class Stepping(Enum):
    """How an optimizer goes over the weights."""

    ONE_BY_ONE = "one weight matrix after another"
    FOREACH = "each term of the formula for all weights at once"
    FUSED = "the whole formula in one kernel"
    ROUNDED = "in fp32, and rounded by chance"


def fuses_on(device_type: str) -> bool:
    """Whether the training cell's optimizer does all in one kernel.

    Torch's own default on a GPU (`foreach`) takes the memory of the weights once more. On a CPU it
    is the notebook's to the bit, which takes that of two matrices.
    """
    return device_type != "cpu"


def how_it_steps(device_type: str, *, fused: bool, stochastic: bool) -> Stepping:
    """How the optimizer of `make_optimizer` does on a type of device."""
    if stochastic:
        return Stepping.ROUNDED
    if fused:
        return Stepping.FUSED
    return Stepping.FOREACH if device_type in FOREACH_DEVICES else Stepping.ONE_BY_ONE


def moment_bytes(optimizer: str, weights: Sequence[int]) -> int:
    """What stays from the first step on; `weights` are the bytes of each."""
    moments = MOMENTS[optimizer]
    counts_of_steps = len(weights) * SMALLEST if moments else 0
    return moments * sum(weights) + counts_of_steps


def looked_at_bytes(
    optimizer: str, stepping: Stepping, weights: Sequence[int], itemsize: int, *, decays: bool
) -> int:
    """The same of a step that is made weight by weight, with a copy of each to compare it with."""
    one = [max(weights)]
    return one[0] + temporary_bytes(optimizer, stepping, one, itemsize, decays=decays)


def temporary_bytes(
    optimizer: str, stepping: Stepping, weights: Sequence[int], itemsize: int, *, decays: bool
) -> int:
    """The most that a step holds for a moment; `weights` are the bytes of each.

    `decays` is whether there is a weight decay: SGD adds it to the gradient.
    """
    if stepping is Stepping.ROUNDED:
        return TEMPORARY_BYTES * min(PIECE, max(weights) // itemsize)
    if stepping is Stepping.FUSED or (optimizer == "SGD" and not decays):
        return 0
    if stepping is Stepping.FOREACH:
        return sum(weights)  # the square roots of the second moments, or the gradient with decay
    return max(weights) * (2 if optimizer == "AdamW" else 1)  # a root, and its quotient
