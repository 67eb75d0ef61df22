"""Logits that are no numbers."""

from torch import Tensor

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
