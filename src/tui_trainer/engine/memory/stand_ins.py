"""What torch itself has no shape of, on tensors without numbers."""

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode


class StandIns(TorchDispatchMode):
    """The experts of a mixture in one product: torch takes the shapes of bf16 alone."""

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401  # as torch declares it
        _types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> object:
        if func is torch.ops.aten._grouped_mm.default:
            return grouped_product(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


def grouped_product(left: Tensor, right: Tensor, offs: Tensor, *_: object, **__: object) -> Tensor:
    """[token, in] and [expert, in, out] to [token, out]; in the backward pass [in, token] and
    [token, out] to [expert, in, out]."""
    if right.dim() == 2:
        return left.new_empty(len(offs), left.shape[0], right.shape[1])
    return left.new_empty(left.shape[0], right.shape[2])
