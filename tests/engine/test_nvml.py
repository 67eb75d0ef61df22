"""A card asked through NVML: by UUID, whoever uses it, and without a context on it."""

import os
import sys
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace

import pytest
import torch

from tests.cards import BUSY, GIB, Card, put_in, raising
from tui_trainer.engine import nvml
from tui_trainer.engine.accelerator import accelerator
from tui_trainer.engine.models.devices import Chosen, choose_device, list_devices, use_of
from tui_trainer.engine.nvml import CardUse, read_card
from tui_trainer.reports.models import DeviceUse

CARD = torch.device("cuda", 0)
UUIDS = "GPU-00-0", "GPU-11-1"
"""Of the cards that torch sees, in its order."""


class NVMLError(Exception):
    pass


def by_uuid(uuid: str) -> str:
    if uuid not in UUIDS:
        raise NVMLError("Not Found")
    return uuid


def fake_library() -> ModuleType:
    """The functions of pynvml that are used, of two cards: by their handles, which are UUIDs."""
    library = ModuleType("pynvml")
    memory = {UUIDS[0]: (30, 80), UUIDS[1]: (70, 80)}
    users = [(os.getpid(), 40), (os.getpid() + 1, 9)]
    functions: dict[str, Callable[..., object]] = {
        "nvmlInit": lambda: None,
        "nvmlDeviceGetHandleByUUID": by_uuid,
        "nvmlDeviceGetMemoryInfo": lambda card: SimpleNamespace(
            free=memory[card][0] * GIB, total=memory[card][1] * GIB
        ),
        "nvmlDeviceGetUtilizationRates": lambda card: SimpleNamespace(gpu=97, memory=12),
        "nvmlDeviceGetComputeRunningProcesses": lambda card: [
            SimpleNamespace(pid=pid, usedGpuMemory=held * GIB) for pid, held in users
        ],
    }
    vars(library).update(functions, NVMLError=NVMLError)
    return library


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """It stands where `nvidia-ml-py` is imported from; two cards are there."""
    fake = fake_library()
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    nvml._library.cache_clear()
    put_in(monkeypatch, *(Card(GIB, error=RuntimeError(BUSY)) for _ in UUIDS))
    yield fake
    nvml._library.cache_clear()


def test_a_card_is_listed_by_what_nvml_says_and_no_context_is_made(library: ModuleType) -> None:
    """`mem_get_info`, which makes one, fails here."""
    listed = [(one.name, one.free_bytes, one.problem) for one in list_devices()]
    assert listed[:2] == [("cuda:1", 70 * GIB, ""), ("cuda:0", 30 * GIB, "")]


def test_of_the_cards_of_a_node_those_are_listed_that_cuda_visible_devices_has(
    library: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CUDA itself reads it, numbers and UUIDs alike: its first card may be NVML's second."""
    put_in(monkeypatch, Card(GIB, error=RuntimeError(BUSY)))
    second = SimpleNamespace(uuid=UUIDS[1].removeprefix("GPU-"))
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: second)
    assert next((one.name, one.free_bytes) for one in list_devices()) == ("cuda:0", 70 * GIB)
    mig = SimpleNamespace(uuid="a-slice-of-one")  # NVML has another name for it
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: mig)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (GIB // 2, GIB))
    assert list_devices()[0].free_bytes == GIB // 2


def test_auto_makes_a_context_on_the_card_that_it_takes_alone(
    library: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def mem_get_info(device: torch.device) -> tuple[int, int]:
        asked.append(str(device))
        if device.index == 1:
            raise RuntimeError(BUSY)  # another process has it for itself
        return GIB, GIB

    monkeypatch.setattr(torch.cuda, "mem_get_info", mem_get_info)
    assert choose_device("auto") == Chosen(torch.device("cuda", 0))
    assert asked == ["cuda:1", "cuda:0"]
    asked.clear()
    assert choose_device("cuda:0").device == torch.device("cuda", 0)
    assert asked == ["cuda:0"]


def test_the_use_of_a_card_is_ours_and_others(library: ModuleType) -> None:
    assert read_card(UUIDS[0]) == CardUse(30 * GIB, 80 * GIB, 0.97, 40 * GIB)
    assert use_of(CARD) == DeviceUse(50 * GIB, 80 * GIB, 40 * GIB, 10 * GIB, 0.97)


def test_in_a_container_that_hides_our_number_the_rest_is_nobodys(
    library: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 20 * GIB)
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 41 * GIB)
    unknown = DeviceUse(50 * GIB, 80 * GIB, 41 * GIB, None, 0.97)
    assert use_of(CARD) == unknown  # a process of our number, elsewhere, holds less than we do
    monkeypatch.setattr(library, "nvmlDeviceGetComputeRunningProcesses", lambda card: [])
    assert use_of(CARD) == unknown


@pytest.mark.parametrize(
    "name", ["nvmlDeviceGetUtilizationRates", "nvmlDeviceGetComputeRunningProcesses"]
)
def test_what_a_card_does_not_tell_is_left_out(
    library: ModuleType, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def not_supported(card: object) -> None:
        raise NVMLError("Not Supported")

    monkeypatch.setattr(library, name, not_supported)
    card = read_card(UUIDS[0])
    assert card is not None
    assert (card.busy is None, card.by_process is None) == (
        name == "nvmlDeviceGetUtilizationRates",
        name == "nvmlDeviceGetComputeRunningProcesses",
    )


@pytest.mark.parametrize("error", [NVMLError("Driver Not Loaded"), OSError("no libnvidia-ml")])
def test_without_a_driver_of_nvml_torch_is_asked(
    library: ModuleType, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(library, "nvmlInit", raising(error))
    put_in(monkeypatch, Card(GIB // 4, GIB), Card(0))
    assert list_devices()[0].free_bytes == GIB // 4
    assert use_of(CARD) == DeviceUse(GIB - GIB // 4, GIB, 0)


def test_where_it_is_not_installed_and_for_other_cards_torch_is_asked(
    library: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_card("GPU-22-2") is None
    monkeypatch.setattr(torch.version, "hip", "6.4")
    assert accelerator(CARD)._card() is None
    monkeypatch.setitem(sys.modules, "pynvml", None)
    nvml._library.cache_clear()
    assert read_card(UUIDS[0]) is None


def test_a_cpu_has_no_use_and_a_card_that_fails_ends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put_in(monkeypatch, Card(0, error=RuntimeError(BUSY)))
    assert use_of(torch.device("cpu")) is None
    assert use_of(CARD) is None
