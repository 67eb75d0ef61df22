"""Devices and precisions: what `auto` takes, and what is refused."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import psutil
import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedConfig, PreTrainedModel

from tests.cards import BUSY, GIB, Card, put_in, raising
from tests.models import BYTE_FALLBACK, BYTE_LEVEL
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.loop.auto_precision import choose_precision
from tui_trainer.engine.models.devices import (
    Chosen,
    choose_device,
    count_parameters,
    list_devices,
    memory_in_use,
)
from tui_trainer.errors import InputError
from tui_trainer.reports.models import DeviceReport
from tui_trainer.settings.model import ModelChoice


@pytest.fixture
def no_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    put_in(monkeypatch)


def name_of(wanted: str) -> str:
    return str(choose_device(wanted).device)


def names() -> list[str]:
    return [device.name for device in list_devices()]


def test_auto_is_the_card_with_the_most_free_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    put_in(monkeypatch, 1 * GIB, 3 * GIB, 2 * GIB)
    assert name_of("auto") == name_of("cuda") == "cuda:1"
    assert name_of("cuda:2") == "cuda:2"
    assert names() == ["cuda:1", "cuda:2", "cuda:0", "cpu"]
    assert list_devices()[0].free_bytes == 3 * GIB
    assert choose_device("auto").notes == ()


@pytest.mark.usefixtures("no_cards")
def test_without_a_card_auto_is_the_cpu_and_others_are_refused() -> None:
    assert choose_device("auto") == Chosen(torch.device("cpu"))
    for wanted in "cuda", "cuda:0", "cuda:7", "xpu", "xpu:1", "mps":
        said = f"There is no device {wanted} on this machine, which has cpu"
        with pytest.raises(InputError, match=said):
            choose_device(wanted)


@pytest.mark.parametrize(
    "error",
    [RuntimeError(BUSY), AssertionError(BUSY), torch.cuda.DeferredCudaCallError(BUSY)],
)
def test_a_card_that_does_not_answer_is_passed_over_and_listed_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    put_in(monkeypatch, Card(9 * GIB, error=error), 2 * GIB)
    assert names() == ["cuda:1", "cpu", "cuda:0"]
    assert list_devices()[-1] == DeviceReport("cuda:0", "Card 0", None, None, BUSY)
    assert choose_device("auto") == choose_device("cuda") == Chosen(torch.device("cuda", 1))
    with pytest.raises(InputError, match=f"cuda:0 does not answer: {BUSY}. Use another device"):
        choose_device("cuda:0")


def test_where_no_card_answers_auto_is_the_cpu_and_a_sentence_says_why(
    monkeypatch: pytest.MonkeyPatch, engine: Engine
) -> None:
    cards = [Card(GIB, error=RuntimeError(f"{BUSY}\nFor debugging pass ...")) for _ in range(2)]
    put_in(monkeypatch, *cards)
    said = f"cuda:0 does not answer: {BUSY}. cuda:1 does not answer: {BUSY}."
    model = engine.load_model(ModelChoice()).model
    assert (model.device, model.precision) == ("cpu", "fp32")
    assert model.notes[0] == f"{said} The CPU is used."
    assert engine.load_model(ModelChoice(device="cpu")).model.notes == ()
    with pytest.raises(InputError, match=re.escape(said) + " Use cpu."):
        choose_device("cuda")


def test_a_driver_that_hides_every_card_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    put_in(monkeypatch)
    too_old = "The NVIDIA driver on your system is too old (found version 11040)."
    monkeypatch.setattr(torch.cuda, "init", raising(RuntimeError(f"{too_old} Please update it.")))
    assert list_devices()[-1] == DeviceReport("cuda", "", None, None, too_old)
    assert choose_device("auto").notes == (f"cuda does not answer: {too_old} The CPU is used.",)
    for nothing in "Found no NVIDIA driver on your system.", "No CUDA GPUs are available":
        monkeypatch.setattr(torch.cuda, "init", raising(RuntimeError(nothing)))
        assert names() == ["cpu"]


def test_other_types_of_device_are_taken_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    put_in(monkeypatch, GIB)
    put_in(monkeypatch, 2 * GIB, 3 * GIB, module=torch.xpu)
    monkeypatch.setattr(torch.mps, "device_count", lambda: 1)
    monkeypatch.setattr(torch.backends.mps, "get_name", lambda: "Apple M9")
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 100)
    monkeypatch.setattr(torch.mps, "driver_allocated_memory", lambda: 10)
    monkeypatch.setattr(torch.mps, "current_allocated_memory", lambda: 10)
    assert names() == ["xpu:1", "xpu:0", "cuda:0", "mps", "cpu"]
    assert [name_of(wanted) for wanted in ("auto", "xpu", "xpu:0", "mps", "mps:0")] == [
        "xpu:1",
        "xpu:1",
        "xpu:0",
        "mps",
        "mps",
    ]
    with pytest.raises(InputError, match=r"which has xpu:1, xpu:0, cuda:0, mps and cpu\."):
        choose_device("xpu:2")


@pytest.mark.parametrize("wanted", ["cpu:x", "gpu", "cuda:x", "auto:1"])
def test_a_device_that_is_none_is_refused(wanted: str) -> None:
    with pytest.raises(InputError, match="is not known: use auto, cpu, cuda, cuda:N, xpu or mps"):
        choose_device(wanted)


@pytest.mark.parametrize("configure", [*BYTE_LEVEL.values(), *BYTE_FALLBACK.values()])
def test_parameters_are_counted_without_allocating_them(
    configure: Callable[[int], PreTrainedConfig],
) -> None:
    config = configure(400)
    model = AutoModelForCausalLM.from_config(config)
    assert count_parameters(config) == sum(p.numel() for p in model.parameters())


def test_what_torch_keeps_unused_on_a_card_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """It counted as taken, so that `auto` left the card of the last loop."""
    put_in(monkeypatch, GIB, 2 * GIB)
    kept = {0: 5 * GIB, 1: 0}
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: kept[device.index])
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: kept[device.index] // 5)
    assert [device.free_bytes for device in list_devices()[:2]] == [5 * GIB, 2 * GIB]
    assert choose_device("auto").device == torch.device("cuda:0")


def test_memory_in_use_on_a_cpu_is_what_the_process_holds() -> None:
    held = torch.ones(2**24)
    rss = psutil.Process().memory_info().rss
    assert memory_in_use(torch.device("cpu")) == pytest.approx(rss, rel=0.2)
    assert memory_in_use(torch.device("cpu")) > held.nbytes


def test_auto_counts_a_model_with_code_of_its_own_where_a_card_is(
    engine: Engine,
    folder_with_code: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put_in(monkeypatch, GIB)
    monkeypatch.setattr(PreTrainedModel, "to", lambda model, device: model)  # there is no card
    config = AutoConfig.from_pretrained(folder_with_code, trust_remote_code=True)
    card = torch.device("cuda", 0)
    # Nobody was told of its class yet, so it is asked for whether its code may run.
    assert choose_precision("auto", card, config, code=True).name == "mixed"
    status = engine.load_model(ModelChoice(str(folder_with_code), remote_code=True))
    assert (status.model.architecture, status.model.device) == ("MineForCausalLM", "cuda:0")
    assert status.model.precision == "mixed"


@pytest.fixture
def folder_with_code(model_folder: Callable[[str], Path], tmp_path: Path) -> Path:
    """A model of a class that comes with it."""
    folder = copytree(model_folder("Qwen3"), tmp_path / "mine")
    file = folder / "config.json"
    config = json.loads(file.read_text()) | {
        "model_type": "mine",
        "architectures": ["MineForCausalLM"],
        "auto_map": {
            "AutoConfig": "mine.MineConfig",
            "AutoModelForCausalLM": "mine.MineForCausalLM",
        },
    }
    file.write_text(json.dumps(config))
    (folder / "mine.py").write_text(
        "from transformers import Qwen3Config, Qwen3ForCausalLM\n"
        "class MineConfig(Qwen3Config):\n    model_type = 'mine'\n"
        "class MineForCausalLM(Qwen3ForCausalLM):\n    config_class = MineConfig\n"
    )
    return folder
