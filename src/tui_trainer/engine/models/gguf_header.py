"""What a GGUF file says of itself: its metadata and its tensors, without their numbers.

The format: `GGUF`, a version, two counts, so many keys with values, so many tensors' names, shapes,
types and offsets, then their bytes (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
A reader that takes the file's word for a count or a length does not end; this one ends with it.
"""

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tui_trainer.engine.models.model_files import DamagedFileError
from tui_trainer.engine.models.stored_tensors import StoredTensor

MAGIC = b"GGUF"
NUMBERS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
STRING, ARRAY = 8, 9
ALIGNMENT = "general.alignment"
MOST_DIMENSIONS = 8
"""Twice those that the format has: a number past that is no file's."""


@dataclass(frozen=True)
class GgufHeader:
    """`metadata` has the numbers and texts, and of an array how many entries it has."""

    metadata: dict[str, object]
    tensors: dict[str, StoredTensor]


def read_gguf_header(path: Path) -> GgufHeader:
    """Read it; DamagedFileError where the file is cut off or is none. 60 ms for 50,000 tokens."""
    size = path.stat().st_size
    if size < 24:
        raise DamagedFileError(f"{path.name} does not begin as a .gguf file does")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[:4] != MAGIC:
            raise DamagedFileError(f"{path.name} does not begin as a .gguf file does")
        try:
            header, end = _Reader(data, path).header()
        except (struct.error, IndexError, OverflowError):
            raise DamagedFileError(f"{path.name} is cut off within its header") from None
        except UnicodeDecodeError:
            raise DamagedFileError(f"{path.name} has a name that is not UTF-8 text") from None
    if (short := end - size) > 0:
        raise DamagedFileError(f"{path.name} is {short:,} bytes short")
    return header


class _Reader:
    """Goes through the bytes of a file; each read past its end is a struct.error."""

    def __init__(self, data: mmap.mmap, path: Path) -> None:
        self._data = data
        self._path = path
        self._at = 4

    def header(self) -> tuple[GgufHeader, int]:
        """The header, and where the bytes of the last tensor end."""
        _, tensors, entries = self._take("<IQQ")
        metadata = {self._text(): self._value() for _ in self._counted(entries, 12)}
        found = [self._tensor() for _ in self._counted(tensors, 24)]
        alignment = metadata.get(ALIGNMENT, 32)
        if not isinstance(alignment, int) or alignment < 1:
            raise DamagedFileError(f"{self._path.name} has no number as its {ALIGNMENT}")
        start = -(-self._at // alignment) * alignment
        end = max((start + end for _, end in found), default=0)
        return GgufHeader(metadata, {tensor.name: tensor for tensor, _ in found}), end

    def _counted(self, count: int, least: int) -> Iterator[int]:
        """So many turns; struct.error where the file has less than `least` bytes for each."""
        if count * least > len(self._data) - self._at:
            raise struct.error
        yield from range(count)

    def _take(self, form: str) -> tuple[int, ...]:
        taken = struct.unpack_from(form, self._data, self._at)
        self._at += struct.calcsize(form)
        return taken

    def _skip(self, length: int) -> None:
        if length > len(self._data) - self._at:
            raise struct.error
        self._at += length

    def _text(self) -> str:
        (length,) = self._take("<Q")
        start = self._at
        self._skip(length)
        return self._data[start : self._at].decode()

    def _value(self) -> object:
        (kind,) = self._take("<I")
        if kind in NUMBERS:
            return self._take(f"<{NUMBERS[kind]}")[0]
        if kind == STRING:
            return self._text()
        if kind != ARRAY:
            raise DamagedFileError(f"{self._path.name} has a value of a type that is not known")
        return self._array()

    def _array(self) -> int:
        """Pass over an array; how many entries it has."""
        kind, count = self._take("<IQ")
        if kind in NUMBERS:
            self._skip(count * struct.calcsize(f"<{NUMBERS[kind]}"))
        elif kind == STRING:
            for _ in self._counted(count, 8):
                self._skip(self._take("<Q")[0])
        else:
            raise DamagedFileError(f"{self._path.name} has an array of a type that is not known")
        return count

    def _tensor(self) -> tuple[StoredTensor, int]:
        """A tensor, and where its bytes end, counted from where tensors begin."""
        # Whoever has no such file, on a machine that was lent, say, need not have it.
        from gguf import GGML_QUANT_SIZES, GGMLQuantizationType  # noqa: PLC0415

        name = self._text()
        (dimensions,) = self._take("<I")
        if dimensions > MOST_DIMENSIONS:
            raise struct.error
        shape = self._take(f"<{dimensions}Q")
        kind, offset = self._take("<IQ")
        try:
            known = GGMLQuantizationType(kind)
        except ValueError:
            raise DamagedFileError(f"{self._path.name} has {name} in a type not known") from None
        tensor = StoredTensor(name, known.name, tuple(reversed(shape)), self._path.name)
        block, width = GGML_QUANT_SIZES[known]
        return tensor, offset + tensor.size // block * width
