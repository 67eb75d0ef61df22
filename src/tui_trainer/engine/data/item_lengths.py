"""Where the items of a packed row lie."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class ItemLengths:
    """Where the items of a micro-batch lie: row after row, without a gap."""

    lengths: tuple[int, ...]
    ends: Tensor
    """0 and the end of each item, int32: what the kernels of CUDA take, on the device."""

    def each(self, change: Callable[[Tensor], Tensor]) -> "ItemLengths":
        return ItemLengths(self.lengths, change(self.ends))


def item_lengths(lengths: Sequence[int]) -> ItemLengths:
    """The items of a micro-batch in their order, on the host."""
    return ItemLengths(tuple(lengths), torch.tensor([0, *lengths]).cumsum(0).to(torch.int32))
