"""The bytes of the tensors that are alive, counted as each comes and goes."""

import weakref
from typing import Any

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

GRAIN = 512
"""Bytes that an allocation is rounded up to: CUDA's, and the host's is no larger."""


def rounded_up(size: int) -> int:
    """What a tensor of `size` bytes takes."""
    return -(-size // GRAIN) * GRAIN


class LiveBytes(TorchDispatchMode):
    """Inside, every storage that an operation makes is counted until nobody has it any more.

    Tensors and those that are shapes alone are counted alike.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.most = 0
        self._known: set[int] = set()

    def leave_out(self, *tensors: Tensor) -> None:
        """These were there before."""
        self._known |= {tensor.untyped_storage()._cdata for tensor in tensors}

    def begin_again(self) -> None:
        """The most is what there is now."""
        self.most = self.now

    def _count(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key, size = storage._cdata, rounded_up(storage.nbytes())
        if key in self._known:
            return
        self._known.add(key)
        self.now += size
        self.most = max(self.most, self.now)
        weakref.finalize(storage, self._gone, key, size)

    def _gone(self, key: int, size: int) -> None:
        self._known.discard(key)
        self.now -= size

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401  # as torch declares it
        _types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        made = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor):
                self._count(tensor)
        return made
