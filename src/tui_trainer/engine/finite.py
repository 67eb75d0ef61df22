"""Weights and logits that are not finite."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from tui_trainer.errors import InputError


class NotNumbersError(InputError):
    """Logits hold NaN, so that nothing that is read from them is a number."""

    def __init__(self) -> None:
        super().__init__(
            "The logits are not numbers, so the weights have diverged: press R to reload the "
            "model, or load an earlier checkpoint."
        )


def check_numbers(logits: Tensor) -> None:
    """Raise NotNumbersError where `logits`, of any shape, hold NaN."""
    if logits.isnan().any():
        raise NotNumbersError


def weight_not_finite(model: nn.Module) -> str | None:
    """The name of a weight with NaN or infinite values; None without one."""
    return next(weights_not_finite(model), None)


def weights_not_finite(model: nn.Module) -> Iterator[str]:
    """The names of all such weights.

    By their norms, which take a quarter of the time that looking at each value does.
    """
    for name, parameter in model.named_parameters():
        weight = parameter.detach()
        if not torch.linalg.vector_norm(weight).isfinite() and not weight.isfinite().all():
            yield name
