"""What NVIDIA's management library tells of a card: it makes no context there to be asked.

Through `nvidia-ml-py` where that is installed. A card is named by its UUID, which is the same
whatever CUDA_VISIBLE_DEVICES says, and in whatever order CUDA counts.
"""

import os
from dataclasses import dataclass
from functools import cache
from types import ModuleType


@dataclass(frozen=True)
class CardUse:
    """What one card is used for, whoever uses it. In bytes."""

    free: int
    total: int
    busy: float | None
    """The share of the last moments in which it computed; None where it does not tell."""
    by_process: int | None
    """What this process holds, its context included; None where it is not known by its number, as
    in many containers."""


@cache
def _library() -> ModuleType | None:
    """Started once; None where it is not installed or finds no driver."""
    try:
        import pynvml  # noqa: PLC0415  # optional

        pynvml.nvmlInit()
    except (ImportError, OSError):
        return None
    except pynvml.NVMLError:
        return None
    return pynvml


def is_there() -> bool:
    return _library() is not None


def read_card(uuid: str) -> CardUse | None:
    """The card of that UUID, `GPU-...`; None where nobody tells of it."""
    library = _library()
    if library is None:
        return None
    try:
        card = library.nvmlDeviceGetHandleByUUID(uuid)
        memory = library.nvmlDeviceGetMemoryInfo(card)
    except library.NVMLError:
        return None
    busy, mine = _busy(library, card), _by_process(library, card)
    return CardUse(int(memory.free), int(memory.total), busy, mine)


def _busy(library: ModuleType, card: object) -> float | None:
    try:
        return float(library.nvmlDeviceGetUtilizationRates(card).gpu / 100)
    except library.NVMLError:
        return None


def _by_process(library: ModuleType, card: object) -> int | None:
    try:
        users = library.nvmlDeviceGetComputeRunningProcesses(card)
    except library.NVMLError:
        return None
    held = [user.usedGpuMemory for user in users if user.pid == os.getpid()]
    return sum(held) if held and None not in held else None
