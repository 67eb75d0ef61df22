"""Devices that are not there, as torch and the program see them."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import NoReturn

import pytest
import torch

GIB = 2**30
BUSY = "CUDA error: all CUDA-capable devices are busy or unavailable"


@dataclass(frozen=True)
class Card:
    """One card, by its bytes; with an `error` it does not answer."""

    free: int
    total: int = GIB
    error: Exception | None = None

    def memory(self) -> tuple[int, int]:
        if self.error is not None:
            raise self.error
        return self.free, self.total


def put_in(
    monkeypatch: pytest.MonkeyPatch, *cards: Card | int, module: ModuleType = torch.cuda
) -> None:
    """Have `module` (of CUDA or XPU) see these cards, given whole or by their free bytes."""
    found = [Card(card) if isinstance(card, int) else card for card in cards]
    monkeypatch.setattr(module, "device_count", lambda: len(found))
    monkeypatch.setattr(module, "get_device_name", lambda device: f"Card {index_of(device)}")
    monkeypatch.setattr(module, "mem_get_info", lambda device: found[index_of(device)].memory())
    monkeypatch.setattr(
        module, "get_device_properties", lambda device: SimpleNamespace(uuid=uuid_of(device))
    )
    monkeypatch.setattr(module, "is_bf16_supported", lambda: True)
    monkeypatch.setattr(module, "memory_allocated", lambda device: 0)
    monkeypatch.setattr(module, "memory_reserved", lambda device: 0)


def index_of(device: torch.device | int) -> int:
    return device if isinstance(device, int) else device.index or 0


def uuid_of(device: torch.device | int) -> str:
    index = index_of(device)
    return f"{index}{index}-{index}"


def raising(error: Exception) -> Callable[[], NoReturn]:
    def fail() -> NoReturn:
        raise error

    return fail
