"""Optimizers: which weights decay, and how the learning rate goes from step to step."""

import math

from torch import Tensor
from torch.optim import SGD, AdamW, Optimizer

from tui_trainer.engine.optimizers.stochastic_rounding import (
    StochasticAdamW,
    StochasticSGD,
    adamw_update,
    sgd_update,
)
from tui_trainer.engine.weights import Weights
from tui_trainer.settings.train import check_lr, check_optimizer

PLAIN = {"AdamW": AdamW, "SGD": SGD}
STOCHASTIC = {"AdamW": StochasticAdamW, "SGD": StochasticSGD}
UPDATES = {"AdamW": adamw_update, "SGD": sgd_update}
"""Of those that round by chance."""
Group = dict[str, list[Tensor] | float]
"""A parameter group as `torch.optim` takes it."""


def make_optimizer(
    name: str,
    weights: Weights,
    lr: float,
    weight_decay: float | None = None,
    *,
    fused: bool = False,
    stochastic: bool = False,
) -> Optimizer:
    """A fresh optimizer over all that train, what is not said here at torch's defaults.

    Without `weight_decay` its default for this optimizer is used, and for all parameters, as in
    the notebook; a number is for matrices alone. `fused` reads and writes each weight once, and not
    once for each term of the formula. `stochastic` is for bf16 weights, which it rounds by chance.
    """
    check_lr(lr)
    kinds = STOCHASTIC if stochastic else PLAIN
    kind = kinds[check_optimizer(name)]
    how = {"fused": True} if fused and not stochastic else {}
    if stochastic:
        UPDATES[name](weights.device)  # compiled now, where it is, and not in the first update
    if weight_decay is None:
        return kind(weights.trained, lr=lr, **how)
    return kind(parameter_groups(weights, weight_decay), lr=lr, **how)


def parameter_groups(weights: Weights, weight_decay: float) -> list[Group]:
    """Matrices (two dimensions or more) decay; gains of norms, biases and the like do not.

    Each parameter is in one group, once: a matrix that embeds the tokens and makes the logits too
    is one of the weights.
    """
    groups: list[Group] = [
        {"params": [p for p in weights.trained if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in weights.trained if p.dim() < 2], "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


def set_lr(optimizer: Optimizer, lr: float) -> None:
    """Change the learning rate of every group; the optimizer's state stays."""
    for group in optimizer.param_groups:
        group["lr"] = lr


def schedule_factor(schedule: str, step: int, steps: int, warmup: int) -> float:
    """What the learning rate is multiplied by in `step`, counted from 1, of `steps`.

    It rises in a line over the first `warmup` steps, is 1 in the next one, and then stays or falls
    towards 0, which the step after the last would have.
    """
    if step <= warmup:
        return step / warmup
    done = (step - 1 - warmup) / max(1, steps - warmup)
    if schedule == "linear":
        return 1 - done
    if schedule == "cosine":
        return (1 + math.cos(math.pi * done)) / 2
    return 1.0
