"""Where the items of a packed row lie."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tui_trainer.engine.accelerator import send


@dataclass(frozen=True)
class ItemLengths:
    """Where the items of a micro-batch lie: row after row, without a gap."""

    lengths: tuple[int, ...]
    ends: Tensor
    """0 and the end of each item, int32: what the kernels of CUDA take, on the device."""

    def to(self, device: torch.device) -> "ItemLengths":
        return ItemLengths(self.lengths, send(self.ends, device))


def item_lengths(lengths: Sequence[int]) -> ItemLengths:
    """The items of a micro-batch in their order, on the host."""
    return ItemLengths(tuple(lengths), torch.tensor([0, *lengths]).cumsum(0).to(torch.int32))
