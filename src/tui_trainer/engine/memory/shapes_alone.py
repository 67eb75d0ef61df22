"""Tensors that are shapes alone, and the bytes that they would take."""

from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from tui_trainer.engine.memory.live_bytes import LiveBytes


class ShapesAlone(FakeTensorMode):
    """Inside, operations give tensors without memory, which `live` counts as if they had it.

    One mode and not one in the other: each asks Python twice an operation, which is most of what a
    pass takes.
    """

    def __init__(self) -> None:
        super().__init__(allow_non_fake_inputs=True)
        self.live = LiveBytes()
        self._within = 0
        """How many operations deep: what one is made of here, its kernel does without."""

    def dispatch(
        self,
        func: Any,  # noqa: ANN401  # as torch declares it
        types: Any,  # noqa: ANN401
        args: Any = (),  # noqa: ANN401
        kwargs: Any = None,  # noqa: ANN401
    ) -> object:
        if func is torch.ops.aten._grouped_mm.default:
            return grouped_product(*args, **(kwargs or {}))
        self._within += 1
        try:
            made: object = super().dispatch(func, types, args, kwargs)
        finally:
            self._within -= 1
        if not self._within:
            self.live.see(made)
        return made


def grouped_product(left: Tensor, right: Tensor, offs: Tensor, *_: object, **__: object) -> Tensor:
    """The experts of a mixture in one product, of which torch itself has the shape for bf16 alone.

    [token, in] and [expert, in, out] to [token, out]; in the backward pass [in, token] and
    [token, out] to [expert, in, out].
    """
    if right.dim() == 2:
        return left.new_empty(len(offs), left.shape[0], right.shape[1])
    return left.new_empty(left.shape[0], right.shape[2])
