"""Devices and precisions: what `auto` takes, and what is refused."""

from collections.abc import Callable

import psutil
import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedConfig

from tests.cards import GIB, put_in
from tests.models import BYTE_FALLBACK, BYTE_LEVEL
from tui_trainer.engine.models.devices import (
    choose_device,
    choose_precision,
    count_parameters,
    list_devices,
    memory_in_use,
)
from tui_trainer.errors import InputError


@pytest.fixture
def no_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    put_in(monkeypatch)


def test_auto_is_the_card_with_the_most_free_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    put_in(monkeypatch, 1 * GIB, 3 * GIB, 2 * GIB)
    assert choose_device("auto") == choose_device("cuda") == torch.device("cuda:1")
    assert choose_device("cuda:2") == torch.device("cuda:2")
    assert [device.name for device in list_devices()] == ["cuda:1", "cuda:2", "cuda:0", "cpu"]
    assert list_devices()[0].free_bytes == 3 * GIB


@pytest.mark.usefixtures("no_cards")
def test_without_a_card_auto_is_the_cpu_and_cuda_is_refused() -> None:
    assert choose_device("auto") == torch.device("cpu")
    for wanted in "cuda", "cuda:0", "cuda:7":
        with pytest.raises(InputError, match=r"There is no device cuda:\d on this machine"):
            choose_device(wanted)


@pytest.mark.parametrize("wanted", ["cpu:x", "gpu", "cuda:x"])
def test_a_device_that_is_none_is_refused(wanted: str) -> None:
    with pytest.raises(InputError, match="is not known: use auto, cpu, cuda or cuda:N"):
        choose_device(wanted)


@pytest.mark.parametrize("configure", [*BYTE_LEVEL.values(), *BYTE_FALLBACK.values()])
def test_parameters_are_counted_without_allocating_them(
    configure: Callable[[int], PreTrainedConfig],
) -> None:
    config = configure(400)
    model = AutoModelForCausalLM.from_config(config)
    assert count_parameters(config) == sum(p.numel() for p in model.parameters())


def test_auto_precision_is_fp32_on_a_cpu_and_mixed_on_a_card_where_it_fits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = BYTE_LEVEL["Qwen3"](400)
    assert choose_precision("auto", torch.device("cpu"), config) == "fp32"
    needed = 20 * count_parameters(config) / 0.8
    put_in(monkeypatch, int(needed) + 1, int(needed) - 1)
    assert choose_precision("auto", torch.device("cuda:0"), config) == "mixed"
    assert choose_precision("auto", torch.device("cuda:1"), config) == "bf16-sr"
    assert choose_precision("fp32", torch.device("cuda:1"), config) == "fp32"


def test_memory_in_use_on_a_cpu_is_what_the_process_holds() -> None:
    held = torch.ones(2**24)
    rss = psutil.Process().memory_info().rss
    assert memory_in_use(torch.device("cpu")) == pytest.approx(rss, rel=0.2)
    assert memory_in_use(torch.device("cpu")) > held.nbytes
