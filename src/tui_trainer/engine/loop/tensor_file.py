"""Tensors to a file as safetensors has them, where need be in pieces of which each is tried again.

The library writes a file as a whole, and of a large one no whole try may come to its end on a disk
that fails at every tenth write. So where it fails at one, the same bytes are written here.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import modeling_utils

from tui_trainer.runs.private_files import FILE_MODE
from tui_trainer.runs.retried import failures, is_transient, retried

NAMES = {
    torch.uint64: "U64",
    torch.int64: "I64",
    torch.float64: "F64",
    torch.complex64: "C64",
    torch.float32: "F32",
    torch.uint32: "U32",
    torch.int32: "I32",
    torch.bfloat16: "BF16",
    torch.float16: "F16",
    torch.uint16: "U16",
    torch.int16: "I16",
    torch.float8_e4m3fn: "F8_E4M3",
    torch.float8_e5m2: "F8_E5M2",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
"""What the format calls them, in the order in which the library puts them into a file."""
PIECE = 1 << 24
SAVES = "safe_save_file"
"""What transformers calls to write a file of weights."""


def save_tensors(
    tensors: dict[str, Tensor], path: str | Path, metadata: dict[str, str] | None = None
) -> None:
    """As the library's `save_file`, to the bit; OSError where the disk fails for good."""
    try:
        save_file(tensors, path, metadata)
    except Exception as error:  # one in Rust
        if not is_transient(error) or not {tensor.dtype for tensor in tensors.values()} <= set(
            NAMES
        ):
            raise
        for left in Path(path).parent.glob(".tmp*"):  # its own, which it could not delete
            retried(partial(left.unlink, missing_ok=True))
        save_in_pieces(tensors, Path(path), metadata)
        failures.mended(1, error)


@contextmanager
def saved_by_transformers() -> Iterator[None]:
    """Inside the block transformers writes files of weights by `save_tensors`.

    A release of it that has no such name writes them itself, and once only.
    """
    before = getattr(modeling_utils, SAVES, None)
    if before is None:
        yield
        return
    setattr(modeling_utils, SAVES, save_tensors)
    try:
        yield
    finally:
        setattr(modeling_utils, SAVES, before)


def save_in_pieces(
    tensors: Mapping[str, Tensor], path: Path, metadata: dict[str, str] | None = None
) -> None:
    """Write and sync a file; each piece has its place, so that it can be written twice."""
    names = sorted(tensors, key=lambda name: (list(NAMES).index(tensors[name].dtype), name))
    header = _header(tensors, names, metadata)
    file = retried(partial(os.open, path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, FILE_MODE))
    try:
        retried(partial(os.ftruncate, file, 0))
        place = _write_at(file, memoryview(header), 0)
        for name in names:
            flat = tensors[name].detach().cpu().contiguous().reshape(-1).view(torch.uint8)
            place = _write_at(file, flat.numpy().data, place)
    finally:
        _close(file)


def _header(
    tensors: Mapping[str, Tensor], names: list[str], metadata: dict[str, str] | None
) -> bytes:
    """Its length in eight bytes, and where each tensor is; spaces up to a multiple of eight."""
    told: dict[str, object] = {"__metadata__": metadata} if metadata is not None else {}
    begin = 0
    for name in names:
        tensor = tensors[name]
        end = begin + tensor.numel() * tensor.element_size()
        told[name] = {
            "dtype": NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [begin, end],
        }
        begin = end
    text = json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _write_at(file: int, raw: memoryview, place: int) -> int:
    """Write all of it from byte `place` on; the byte after it."""
    while raw:
        written = retried(partial(os.pwrite, file, raw[:PIECE], place))
        place += written
        raw = raw[written:]
    return place


def _close(file: int) -> None:
    """Closed it is whatever that says; what it has not written a sync will tell."""
    try:
        os.close(file)
    except OSError as error:
        if not is_transient(error):
            raise
        failures.mended(1, error)
