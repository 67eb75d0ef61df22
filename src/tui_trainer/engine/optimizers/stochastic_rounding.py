"""Optimizers for bf16 weights that round up or down by chance, so that small steps are not lost.

A step of 1e-5 is far below half of what lies between two bf16 numbers near 0.1: rounded to the
nearest, each one is lost, however many there are. Rounded by chance, one in fifty moves the weight
by the whole distance, and the mean is right. All is computed in fp32, a weight matrix at a time;
what stays is 8 bytes a weight (itself, its gradient, two moments), where fp32 has 16.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim import SGD, AdamW

HALF = 1 << 16


def round_stochastically(values: Tensor) -> Tensor:
    """bf16 of fp32 `values`: the one below or above, the nearer the likelier; the mean is exact.

    bf16 is the upper half of the bits of fp32. Random bits added to the lower half carry into the
    upper one as often as it is near to the next number. Draws from torch's own random numbers.
    """
    bits = values.view(torch.int32)
    carried = (bits + torch.randint_like(bits, HALF)) & -HALF
    return torch.where(values.isfinite(), carried.view(torch.float32), values).bfloat16()


class StochasticAdamW(AdamW):
    """AdamW as torch has it (decoupled decay, bias correction), in fp32 and rounded by chance."""

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        assert closure is None  # nobody here evaluates the loss again
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, group)

    def _update(self, parameter: Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        if not state:
            state["step"] = torch.zeros(())
            state["exp_avg"] = torch.zeros_like(parameter)
            state["exp_avg_sq"] = torch.zeros_like(parameter)
        state["step"] += 1
        (beta1, beta2), lr, count = group["betas"], group["lr"], float(state["step"])
        weight, grad = parameter.float(), parameter.grad.float()  # type: ignore[union-attr]
        mean = state["exp_avg"].float().lerp_(grad, 1 - beta1)
        square = state["exp_avg_sq"].float().mul_(beta2).addcmul_(grad, grad, value=1 - beta2)

        weight.mul_(1 - lr * group["weight_decay"])
        scale = (square / (1 - beta2**count)).sqrt_().add_(group["eps"])
        weight.addcdiv_(mean, scale, value=-lr / (1 - beta1**count))
        for held, exact in (
            (parameter, weight),
            (state["exp_avg"], mean),
            (state["exp_avg_sq"], square),
        ):
            held.copy_(round_stochastically(exact))


class StochasticSGD(SGD):
    """SGD without momentum, as torch has it by default, in fp32 and rounded by chance."""

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        assert closure is None
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    weight = parameter.float()
                    grad = parameter.grad.float().add_(weight, alpha=group["weight_decay"])
                    parameter.copy_(round_stochastically(weight.add_(grad, alpha=-group["lr"])))
