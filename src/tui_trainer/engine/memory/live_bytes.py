"""The bytes of the tensors that are alive, counted as each comes and goes."""

import weakref

from torch import Tensor

GRAIN = 512
"""Bytes that an allocation is rounded up to: CUDA's, and the host's is no larger."""


def rounded_up(size: int) -> int:
    """What a tensor of `size` bytes takes."""
    return -(-size // GRAIN) * GRAIN


class LiveBytes:
    """Every storage that is shown to it, until nobody has it any more.

    Tensors and those that are shapes alone are counted alike.
    """

    def __init__(self) -> None:
        self.now = 0
        self.most = 0
        self._known: set[int] = set()

    def leave_out(self, *tensors: Tensor) -> None:
        """These were there before."""
        self._known |= {tensor.untyped_storage()._cdata for tensor in tensors}

    def begin_again(self) -> None:
        """The most is what there is now."""
        self.most = self.now

    def see(self, made: object) -> None:
        """What an operation gave: a tensor, or several, or something else."""
        if isinstance(made, Tensor):
            self._count(made)
        elif isinstance(made, list | tuple):
            for each in made:
                self.see(each)

    def _count(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self._known:
            return
        size = rounded_up(storage.nbytes())
        self._known.add(key)
        self.now += size
        self.most = max(self.most, self.now)
        weakref.finalize(storage, self._gone, key, size)

    def _gone(self, key: int, size: int) -> None:
        self._known.discard(key)
        self.now -= size
