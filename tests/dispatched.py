"""What PyTorch asks a device for: kernels, what they read and write, what is held meanwhile."""

import weakref
from typing import Any

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Dispatched(TorchDispatchMode):
    """Counts what is asked of one type of device; `meta`, which has no numbers, will do."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self._device = device
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
        given, result = self._tensors_in((args, kwargs)), self._tensors_in(made)
        for tensor in result:
            self._hold(tensor, given)
        if (given or result) and not func.is_view and "empty" not in func.name():
            self.kernels += 1
            self.bytes += sum(tensor.nbytes for tensor in (*given, *result))
        return made

    def _tensors_in(self, values: object) -> list[Tensor]:
        tensors = (value for value in tree_leaves(values) if isinstance(value, Tensor))
        return [tensor for tensor in tensors if tensor.device.type == self._device]

    def _hold(self, tensor: Tensor, given: list[Tensor]) -> None:
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self._held or key in {one.untyped_storage()._cdata for one in given}:
            return
        self._held[key] = storage.nbytes()
        weakref.finalize(storage, self._held.pop, key)
        self.peak = max(self.peak, sum(self._held.values()))
