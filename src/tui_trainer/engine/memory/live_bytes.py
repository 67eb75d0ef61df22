"""The bytes of the tensors that are alive, counted as each comes and goes."""

import weakref
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

GRAIN = 512
"""Bytes that an allocation is rounded up to: CUDA's, and on the host no more."""


class LiveBytes(TorchDispatchMode):
    """Inside, every storage that an operation makes is counted until nobody has it any more.

    Real tensors and those that are shapes alone are counted alike. What was there before counts as
    nothing, unless it is told with `count`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.most = 0
        self._alive: set[int] = set()

    def count(self, tensor: Tensor) -> None:
        """Count the storage of `tensor`, once, from now on and until it is gone."""
        storage = tensor.untyped_storage()
        key, size = storage._cdata, -(-storage.nbytes() // GRAIN) * GRAIN
        if key in self._alive:
            return
        self._alive.add(key)
        self.now += size
        self.most = max(self.most, self.now)
        weakref.finalize(storage, self._gone, key, size)

    def _gone(self, key: int, size: int) -> None:
        self._alive.discard(key)
        self.now -= size

    def begin_again(self) -> None:
        """The most is what there is now."""
        self.most = self.now

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
                self.count(tensor)
        return made
