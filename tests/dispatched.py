"""What PyTorch asks a device for: kernels, what they read and write, what is held meanwhile."""

import weakref
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Dispatched(TorchDispatchMode):
    """Counts what is asked for inside; tensors without numbers (`meta`) do as well as real ones."""

    def __init__(self) -> None:
        super().__init__()
        self.kernels = 0
        """Operations, but for those that give a view or memory that nobody has written."""
        self.bytes = 0
        """Read and written by them."""
        self.peak = 0
        """The most bytes that were held at once of those that were asked for inside."""
        self._held: dict[int, int] = {}

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401  # as torch declares it
        _types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        made = func(*args, **(kwargs or {}))
        for tensor in tensors_in(made):
            self._hold(tensor, tensors_in((args, kwargs)))
        if not func.is_view and "empty" not in func.name():
            self.kernels += 1
            self.bytes += sum(tensor.nbytes for tensor in tensors_in((args, kwargs, made)))
        return made

    def _hold(self, tensor: Tensor, given: list[Tensor]) -> None:
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self._held or key in {one.untyped_storage()._cdata for one in given}:
            return
        self._held[key] = storage.nbytes()
        weakref.finalize(storage, self._held.pop, key)
        self.peak = max(self.peak, sum(self._held.values()))


def tensors_in(values: object) -> list[Tensor]:
    return [value for value in tree_leaves(values) if isinstance(value, Tensor)]


def meta_model(name: str, dtype: torch.dtype) -> torch.nn.Module:
    """A model of that shape with gradients, all of it without numbers."""
    from tui_trainer.engine.models.shapes import random_model, shape_config  # noqa: PLC0415

    with torch.device("meta"):
        model = random_model(shape_config(name, end_of_text=0), dtype)
    for parameter in model.parameters():
        parameter.grad = torch.empty_like(parameter)
    return model
