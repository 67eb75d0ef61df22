"""Memory for copies that are kept, apart from the memory that training takes and gives back."""

import mmap
from collections.abc import Sequence

import torch
from torch import Tensor

ALIGNMENT = 64


def lay_out(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Tensors like `tensors`, not yet written, those on the CPU in one piece of memory.

    That piece is asked of the system, not of the allocator. A copy that is kept would else take
    the memory that the gradients gave back and will need again in the next update: getting other
    memory for them, page by page, doubled the time of an update of 4 million weights.
    """
    memory = memoryview(mmap.mmap(-1, max(1, sum(map(_padded_bytes, tensors)))))
    laid = []
    for tensor in tensors:
        if tensor.device.type == "cpu" and tensor.numel():
            here, memory = memory[: tensor.nbytes], memory[_padded_bytes(tensor) :]
            laid.append(torch.frombuffer(here, dtype=tensor.dtype).view(tensor.shape))
        else:
            laid.append(torch.empty_like(tensor))
    return laid


def _padded_bytes(tensor: Tensor) -> int:
    """Bytes of it on the CPU, up to where the next one may begin."""
    if tensor.device.type != "cpu":
        return 0
    return -(-tensor.nbytes // ALIGNMENT) * ALIGNMENT
