"""`fp32` is fp32, on a GPU too; TF32 is there by name, for what has it, and said."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import PreTrainedModel

from tests.models import BYTE_LEVEL
from tui_trainer.engine.accelerator import Host
from tui_trainer.engine.bench import peak
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.loop.auto_precision import choose_precision
from tui_trainer.engine.tf32 import tf32, tf32_is_on
from tui_trainer.engine.ways import model_checks
from tui_trainer.errors import InputError
from tui_trainer.reports.bench_figures import COMPUTE_DTYPES
from tui_trainer.screens.step.moved_view import STORED
from tui_trainer.settings.model import PRECISIONS, ModelChoice
from tui_trainer.settings.train import TrainSettings
from tui_trainer.words.precision import describe_precision


@pytest.mark.parametrize("name", ["cpu", "mps", "xpu:0", "cuda:0"])
def test_tf32_is_refused_where_a_device_has_none(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (7, 5))
    config = BYTE_LEVEL["Qwen3"](400)
    with pytest.raises(InputError, match=f"{name} has no TF32.* or precision fp32"):
        choose_precision("tf32", torch.device(name), config)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (8, 0))
    assert choose_precision("tf32", torch.device("cuda:0"), config).name == "tf32"
    monkeypatch.setattr(torch.version, "hip", "6.4")
    with pytest.raises(InputError, match="has no TF32"):
        choose_precision("tf32", torch.device("cuda:0"), config)


def test_tf32_is_on_with_its_model_alone_and_never_while_ways_are_compared(
    engine: Engine, model_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(model_folder("Qwen3"))
    found = []

    def read_text(model: PreTrainedModel, ids: tuple[int, ...]) -> torch.Tensor:
        found.append(tf32_is_on())
        return read(model, ids)

    read = model_checks.read_text
    monkeypatch.setattr(model_checks, "read_text", read_text)
    monkeypatch.setattr(Host, "has_tf32", lambda self: True)
    try:
        engine.load_model(ModelChoice(folder, "cpu", "tf32"))
        assert tf32_is_on()
        assert torch.get_float32_matmul_precision() == "high"  # as torch.compile asks for it
        list(engine.train(TrainSettings(items=4, pack=64)))
        assert found
        assert not any(found)
        with pytest.raises(InputError):
            engine.load_model(ModelChoice(f"{folder}/nowhere", "cpu", "fp32"))
        assert tf32_is_on()
    finally:
        engine.load_model(ModelChoice(folder, "cpu", "fp32"))
    assert not tf32_is_on()
    assert torch.get_float32_matmul_precision() == "highest"


def test_turning_tf32_on_and_off_warns_of_nothing(recwarn: pytest.WarningsRecorder) -> None:
    with tf32(True), tf32(False):
        assert not tf32_is_on()
    assert not tf32_is_on()
    assert list(recwarn) == []


def test_an_export_turns_tf32_on_and_keeps_the_logits_as_they_are(
    engine: Engine,
    model_folder: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(Host, "has_tf32", lambda self: True)
    folder = str(model_folder("Qwen3"))
    scripts = {}
    for precision in "fp32", "tf32":
        engine.load_model(ModelChoice(folder, "cpu", precision))
        engine.update("two ducks")
        engine.export(str(tmp_path / f"{precision}.py"))
        scripts[precision] = (tmp_path / f"{precision}.py").read_text().splitlines()
    engine.load_model(ModelChoice(folder, "cpu", "fp32"))
    more = [line for line in scripts["tf32"] if line not in scripts["fp32"]]
    assert [line.partition("  #")[0] for line in more] == [
        'torch.set_float32_matmul_precision("high")'
    ]
    assert len(scripts["tf32"]) == len(scripts["fp32"]) + 1


def test_the_bench_measures_the_peak_of_tf32_where_it_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(peak, "measure_peak", lambda device, dtype: float(tf32_is_on()))
    cpu = torch.device("cpu")
    assert peak.measure_peaks(cpu) == {"fp32": 0.0, "bf16": 0.0}
    monkeypatch.setattr(Host, "has_tf32", lambda self: True)
    assert peak.measure_peaks(cpu) == {"fp32": 0.0, "bf16": 0.0, "tf32": 1.0}


def test_every_precision_is_known_wherever_one_is_told() -> None:
    assert COMPUTE_DTYPES.keys() == STORED.keys() == set(PRECISIONS) - {"auto"}


def test_on_cuda_fp32_says_that_tf32_is_off() -> None:
    assert describe_precision("cuda:1", "fp32") == "fp32 (TF32 off)"
    others = ("cuda:1", "tf32"), ("cuda:1", "mixed"), ("cpu", "fp32"), ("mps", "fp32")
    assert [describe_precision(*one) for one in others] == ["tf32", "mixed", "fp32", "fp32"]
