"""Memory of the host for copies that are kept, apart from what training takes and gives back."""

import mmap
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from tui_trainer.engine.accelerator import Event, accelerator

ALIGNMENT = 64
SMALLEST_BLOCK = 1 << 21
"""Bytes; pinned memory comes in powers of two."""
PIECE = 1 << 24
"""Values that a device has at once of what the host keeps for it: 67 MB in fp32, 2 ms of PCIe."""


def is_apart(device: torch.device) -> bool:
    """Whether copies of tensors on `device` lie elsewhere: on the host, where they are not on it.

    An accelerator's memory is the smaller one, and what is kept there is missing for training.
    """
    return device.type != "cpu"


def lay_out(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Tensors like `tensors` in the host's memory, not yet written, for copies of them.

    Of an accelerator's they are pinned, where it copies beside its work then. Else they are in one
    piece of memory that is asked of the system, not of the allocator. A copy that is kept would
    else take the memory that the gradients gave back and will need again in the next update:
    getting other memory for them, page by page, doubled the time of an update of 4 million weights.
    """
    if any(is_apart(t.device) and accelerator(t.device).pins for t in tensors):
        return _lay_out_pinned(tensors)
    memory = memoryview(mmap.mmap(-1, max(1, sum(map(_padded_bytes, tensors)))))
    laid = []
    for tensor in tensors:
        if tensor.numel():
            here, memory = memory[: tensor.nbytes], memory[_padded_bytes(tensor) :]
            laid.append(torch.frombuffer(here, dtype=tensor.dtype).view(tensor.shape))
        else:
            laid.append(torch.empty_like(tensor, device="cpu"))
    return laid


def _lay_out_pinned(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Many of them in a block, largest first: torch pins a power of two of bytes for each request,
    which would be 1.4 times as much for the weights of Qwen3-1.7B one by one."""
    laid: dict[int, Tensor] = {}
    left = sum(map(_padded_bytes, tensors))
    block = torch.empty(0, dtype=torch.uint8)
    for number in sorted(range(len(tensors)), key=lambda n: -tensors[n].nbytes):
        tensor, size = tensors[number], _padded_bytes(tensors[number])
        if size > len(block):
            block = pinned_block(_block_bytes(size, left))
        here, block = block[: tensor.nbytes], block[size:]
        laid[number] = here.view(tensor.dtype).view(tensor.shape)
        left -= size
    return [laid[number] for number in range(len(tensors))]


def pinned_block(size: int) -> Tensor:
    """So many bytes of the host, which a device can read and write beside its other work."""
    return torch.empty(size, dtype=torch.uint8, pin_memory=True)


def _block_bytes(size: int, left: int) -> int:
    """The largest power of two that `left` bytes fill, or the least that `size` bytes fit in."""
    fill = 1 << (left.bit_length() - 1)
    return max(SMALLEST_BLOCK, fill if fill >= size else 1 << (size - 1).bit_length())


def _padded_bytes(tensor: Tensor) -> int:
    """Bytes of it, up to where the next one may begin."""
    return -(-tensor.nbytes // ALIGNMENT) * ALIGNMENT


def begin_copy(tensors: Sequence[Tensor], copies: Sequence[Tensor]) -> Event | None:
    """Write `tensors` into `copies`; None where that is done, else when their device has done it.

    The device goes on meanwhile: whoever has it write the tensors has it wait for that moment.
    """
    if not tensors:
        return None
    here = next((t.device for t in tensors if is_apart(t.device)), tensors[0].device)
    device = accelerator(here)
    with device.beside():
        for copy, tensor in zip(copies, tensors, strict=True):
            copy.copy_(tensor, non_blocking=True)
        return device.record()


def brought(
    tensors: Sequence[Tensor], kept: Sequence[Tensor], *, written: bool = False
) -> Iterator[tuple[Tensor, Tensor]]:
    """Each of `tensors` beside what is kept for it, both on its device: a piece at a time of what
    the host keeps for an accelerator. Where it is `written` what comes of it there is kept."""
    for tensor, other in zip(tensors, kept, strict=True):
        if not is_apart(tensor.device):
            yield tensor, other
            continue
        for here, piece in _pieces(tensor, other):
            there = bring(piece, tensor.device)
            yield here, there
            if written:
                piece.copy_(there, non_blocking=True)


def _pieces(*tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """The same pieces of each, of a bounded size where they are views of all."""
    if all(tensor.is_contiguous() for tensor in tensors):
        return zip(*(tensor.view(-1).split(PIECE) for tensor in tensors), strict=True)
    return iter([tensors])


def bring(kept: Tensor, device: torch.device) -> Tensor:
    """What the host keeps, on `device`, where that is an accelerator a copy."""
    return kept.to(device, non_blocking=True, copy=is_apart(device))
