"""What each type of device is asked, and that nobody else asks it."""

import re
from pathlib import Path

import pytest
import torch

import tui_trainer.engine
from tui_trainer.engine.accelerator import DeviceMemory, Metal, accelerator, receive, send
from tui_trainer.engine.export.loop_templates import RANDOM_NUMBERS
from tui_trainer.engine.export.origin import Origin
from tui_trainer.engine.export.template import render
from tui_trainer.engine.models.layers import norm_of
from tui_trainer.engine.random_numbers import get_rng, set_rng

ENGINE = Path(tui_trainer.engine.__file__).parent
NAMED = re.compile(r"torch\.(cuda|xpu|mps|accelerator|backends\.(cuda|mps))\b")


def test_one_module_alone_names_a_type_of_device() -> None:
    """TF32 is a setting of CUDA's alone, and has a module of its own."""
    files = [file for file in ENGINE.rglob("*.py") if NAMED.search(file.read_text("utf-8"))]
    assert {str(file.relative_to(ENGINE)) for file in files} == {"accelerator.py", "tf32.py"}


def test_metal_has_its_own_functions_and_one_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    mps = torch.device("mps")
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 1000)
    monkeypatch.setattr(torch.mps, "driver_allocated_memory", lambda: 300)
    monkeypatch.setattr(torch.mps, "current_allocated_memory", lambda: 200)
    here = accelerator(mps)
    assert here.memory() == DeviceMemory(700, 1000)
    assert (here.allocated(), here.unused(), here.peak()) == (200, 100, 300)


def test_random_numbers_of_each_type_are_taken_from_and_given_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = []
    state = torch.tensor([7], dtype=torch.uint8)
    for module in torch.cuda, torch.xpu, torch.mps:
        monkeypatch.setattr(module, "get_rng_state", lambda device: state)
        monkeypatch.setattr(
            module, "set_rng_state", lambda new, device: given.append((str(device), new))
        )
    for name in "cpu", "mps", "cuda:1", "xpu:0":
        device = torch.device(name)
        set_rng(device, get_rng(device))
    assert given == [("mps", state), ("cuda:1", state), ("xpu:0", state)]


@pytest.mark.parametrize("name", ["cuda:1", "xpu:1", "mps"])
def test_an_export_of_a_resumed_run_gives_its_random_numbers_to_the_device_that_it_is_on(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    given: list[tuple[str, torch.Tensor]] = []
    module = torch.get_device_module(name)
    monkeypatch.setattr(module, "set_rng_state", lambda new, device: given.append((device, new)))
    state = torch.tensor([7], dtype=torch.uint8)
    script = render(RANDOM_NUMBERS, {"resumed", *Origin("tiny", name, "fp32").facts})
    saved = {"rng/0": torch.get_rng_state(), "rng/1": state}
    exec(script, {"torch": torch, "saved": saved, "DEVICE": name})
    assert given == [(name, state)]


def test_without_fp64_a_norm_is_summed_in_fp32(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def vector_norm(tensor: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        asked.append(dtype)
        return tensor

    monkeypatch.setattr(torch.linalg, "vector_norm", vector_norm)
    with torch._subclasses.FakeTensorMode():
        for device in "meta", "mps":
            norm_of(torch.ones(3, device=device))
    assert asked == [torch.float64, torch.float32]


def test_metal_pins_nothing_and_waits_for_what_it_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    def pin(*_: object) -> torch.Tensor:
        raise AssertionError("pinned")

    monkeypatch.setattr(torch.Tensor, "pin_memory", pin)
    here = Metal(torch.device("cpu"))  # what it does, done here
    tensor = torch.arange(6).view(2, 3)
    assert torch.equal(here.send(tensor), tensor)
    assert here.receive((tensor,)).copied is None
    assert here.host_like(tensor).shape == tensor.shape


def test_all_is_done_on_a_cpu_when_it_was_asked_for() -> None:
    tensors = torch.randn(()), torch.randn(2, 3)
    assert receive(*tensors).wait() == tensors
    assert send(tensors[1], torch.device("cpu")) is tensors[1]
    assert accelerator(torch.device("cpu")).record() is None
