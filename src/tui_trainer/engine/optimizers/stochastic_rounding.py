"""Optimizers for bf16 weights that round up or down by chance, so that small steps are not lost.

A step of 1e-5 is far below half of what lies between two bf16 numbers near 0.1: rounded to the
nearest, each one is lost, however many there are. Rounded by chance, one in fifty moves the weight
by the whole distance, and the mean is right. All is computed in fp32, a piece of a matrix at a
time; what stays is 8 bytes a weight (itself, its gradient, two moments), where fp32 has 16.

The moments are rounded by chance too: with beta2 = 0.999 the second one changes by a thousandth an
update, and half of what lies between two bf16 numbers is two to four. The AdamW of torchao 0.18,
which rounds weights so, has moments rounded to the nearest, runs nowhere without a compiler, and
makes a kernel for each shape.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import SGD, AdamW

from tui_trainer.engine.optimizers.compiled_piece import Update, in_one_kernel

HALF = 1 << 16
PIECE = 1 << 24
"""Weights that are updated at a time: no more launches for most matrices, and 0.3 GB in fp32."""
TEMPORARY_BYTES = 20
"""For each weight of a piece, at most, for the moment of its update; none where it is compiled."""
TRIED_ADAMW = 0.5, 0.5, -0.25, 0.9, 0.999, 1e-8
TRIED_SGD = 0.5, -0.25
"""Numbers with which no term of a formula is lost in rounding; betas and eps are torch's."""


def round_stochastically(values: Tensor) -> Tensor:
    """For each of fp32 `values` the bf16 number below or above, in fp32: the nearer the likelier.

    bf16 is the upper half of the bits of fp32. Random bits added to the lower half carry into the
    upper one as often as it is near to the next number, so that the mean is exact. Draws from
    torch's own random numbers.
    """
    bits = values.view(torch.int32)
    carried = torch.randint_like(bits, HALF).add_(bits).bitwise_and_(-HALF)
    # An infinity has nothing that could carry; the NaN of a GPU has all bits set.
    return carried.view(torch.float32).masked_fill_(values.isnan(), torch.nan)


class StochasticAdamW(AdamW):
    """AdamW as torch has it (decoupled decay, bias correction), in fp32 and rounded by chance."""

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        assert closure is None  # nobody here evaluates the loss again
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, parameter.grad, group)

    def _update(self, parameter: Tensor, grad: Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        if not state:
            state["step"] = torch.zeros(())
            state["exp_avg"] = torch.zeros_like(parameter)
            state["exp_avg_sq"] = torch.zeros_like(parameter)
        state["step"] += 1
        (beta1, beta2), lr, count = group["betas"], group["lr"], float(state["step"])
        update = adamw_update(parameter.device)
        for piece in pieces(parameter.detach(), grad, state["exp_avg"], state["exp_avg_sq"]):
            update(
                *piece,
                1 - lr * group["weight_decay"],
                1 - beta2**count,
                -lr / (1 - beta1**count),
                beta1,
                beta2,
                group["eps"],
            )


class StochasticSGD(SGD):
    """SGD without momentum, as torch has it by default, in fp32 and rounded by chance."""

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        assert closure is None
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    update = sgd_update(parameter.device)
                    for piece in pieces(parameter.detach(), parameter.grad):
                        update(*piece, group["weight_decay"], -group["lr"])


def adamw_update(device: torch.device) -> Update:
    """`adamw_piece` as it is run there; the compiler takes its time the first time."""
    return in_one_kernel(adamw_piece, device, 4, TRIED_ADAMW)


def sgd_update(device: torch.device) -> Update:
    """`sgd_piece`, likewise."""
    return in_one_kernel(sgd_piece, device, 2, TRIED_SGD)


def pieces(*tensors: Tensor) -> Iterator[Sequence[Tensor]]:
    """Views of the same PIECE places, or fewer, in each of some tensors of one shape.

    Flat where all lie in one piece of memory, else so many rows of the first dimension.
    """
    if all(tensor.is_contiguous() for tensor in tensors):
        tensors = tuple(tensor.view(-1) for tensor in tensors)
    first = tensors[0]
    rows = max(1, PIECE * len(first) // max(1, first.numel()))
    # Detached: of a view the compiler sees the base too, and begins anew for one of other shapes.
    parts = ((part.detach() for part in tensor.split(rows)) for tensor in tensors)
    return zip(*parts, strict=True)


def adamw_piece(
    weight: Tensor,
    grad: Tensor,
    mean: Tensor,
    square: Tensor,
    decay: float,
    correction: float,
    rate: float,
    beta1: float,
    beta2: float,
    eps: float,
) -> None:
    """AdamW's update of some weights and their moments, in place, all of one shape and in bf16.

    `decay` is what is left of a weight, `correction` 1 - beta2^t, `rate` -lr / (1 - beta1^t).
    Written with what a compiler takes as numbers that change: it is compiled once for all steps.
    """
    new_mean, new_square = _new_moments(grad.float(), mean, square, beta1, beta2)
    scale = (new_square / correction).sqrt_().add_(eps)
    new_weight = weight.float().mul_(decay).add_((new_mean * rate).div_(scale))
    del scale  # so much less is held while they are rounded
    weight.copy_(round_stochastically(new_weight))
    mean.copy_(round_stochastically(new_mean))
    square.copy_(round_stochastically(new_square))


def _new_moments(
    grad: Tensor, mean: Tensor, square: Tensor, beta1: float, beta2: float
) -> tuple[Tensor, Tensor]:
    """Both moments in fp32, from those in bf16 and a gradient in fp32."""
    new_square = square.float().mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
    return mean.float().lerp_(grad, 1 - beta1), new_square


def sgd_piece(weight: Tensor, grad: Tensor, weight_decay: float, rate: float) -> None:
    """SGD's update of some weights in bf16, in place; `rate` is -lr."""
    new_weight = weight.float()
    step = grad.float().add_(new_weight * weight_decay).mul_(rate)
    weight.copy_(round_stochastically(new_weight.add_(step)))
