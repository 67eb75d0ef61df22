"""A model that another took the place of is gone at once: no cycle keeps it until a collection."""

import gc
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from weakref import ReferenceType, ref

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel

from tests.known import end
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine import engine as engine_module
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.models import devices
from tui_trainer.engine.models.loading import LoadedModel, load_model
from tui_trainer.engine.models.sources import Source
from tui_trainer.errors import InputError
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import TUNED
from tui_trainer.settings.sampling import Sampling
from tui_trainer.settings.train import TrainSettings

LOOP = TrainSettings(items=2)
SHORT = EvaluationSettings(items=1, max_tokens=2)


def break_off(engine: Engine) -> None:
    loop = engine.train(LOOP, record=True)
    next(loop)
    engine.update(NOTEBOOK_TEXT)
    end(loop)


def fail(engine: Engine) -> None:
    """A loop that ends with an exception."""
    loop = engine.train(LOOP, record=True)
    next(loop)
    with pytest.MonkeyPatch.context() as patched, pytest.raises(MemoryError):
        patched.setattr(torch.Tensor, "backward", lambda *_: (_ for _ in ()).throw(MemoryError()))
        next(loop)


def undo(engine: Engine) -> None:
    engine.update(NOTEBOOK_TEXT)
    engine.update(NOTEBOOK_TEXT)
    engine.undo()
    engine.prepare_undo()
    engine.moved()


USES: dict[str, Callable[[Engine], object]] = {
    "nothing": lambda engine: None,
    "predictions": lambda engine: engine.inspect(NOTEBOOK_TEXT, (), 0, Sampling()),
    "generation": lambda engine: list(engine.generate("def", (), Sampling(), 2)),
    "undo and redo": undo,
    "a fork": lambda engine: engine.fork(NOTEBOOK_TEXT),
    "phases": lambda engine: [engine.phase(None, NOTEBOOK_TEXT) for _ in range(3)],
    "probes": lambda engine: engine.probe((NOTEBOOK_TEXT,)),
    "a loop": lambda engine: list(engine.train(LOOP, record=True)),
    "a packed loop": lambda engine: list(engine.train(replace(TUNED, items=2, pack=256))),
    "a loop broken off": break_off,
    "a loop that failed": fail,
    "an evaluation": lambda engine: list(
        engine.evaluate(EvaluationSettings(items=1, max_tokens=2))
    ),
}


@pytest.fixture
def no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collection")
def test_after_each_use_and_ten_loads_one_model_is_alive(
    qwen3: Engine, model_folder: Callable[[str], Path]
) -> None:
    choice = ModelChoice(str(model_folder("Qwen3")), "cpu", "fp32")
    models: list[tuple[str, ReferenceType[Learner], ReferenceType[nn.Module]]] = []
    for name, use in USES.items():
        use(qwen3)
        models.append((name, ref(qwen3.learner), ref(qwen3.learner.model)))
        qwen3.load_model(choice)
    alive = [name for name, learner, model in models if learner() or model()]
    assert len(models) >= 10
    assert alive == []


@pytest.mark.usefixtures("no_collection")
def test_a_load_that_fails_leaves_nothing_of_itself(
    qwen3: Engine,
    model_folder: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "lacks"
    shutil.copytree(model_folder("Qwen3"), folder)
    weights = load_file(folder / "model.safetensors")
    weights.pop(sorted(weights)[-1])
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    made: list[ReferenceType[nn.Module]] = []

    def load(
        source: Source, choice: ModelChoice, config: PreTrainedConfig, dtype: torch.dtype
    ) -> LoadedModel:
        loaded = load_model(source, choice, config, dtype)
        made.append(ref(loaded.model))
        return loaded

    def cannot(*_: object) -> None:
        raise InputError("It is not causal.")

    before = qwen3.learner.model
    with pytest.raises(InputError, match="lack"):
        qwen3.load_model(ModelChoice(str(folder), "cpu", "fp32"))
    monkeypatch.setattr(engine_module, "load_model", load)
    monkeypatch.setattr(engine_module, "check_causal", cannot)
    with pytest.raises(InputError, match="not causal"):
        qwen3.load_model(ModelChoice(str(model_folder("Qwen3")), "cpu", "fp32"))
    assert qwen3.learner.model is before
    assert [model() for model in made] == [None]


@pytest.mark.usefixtures("no_collection")
def test_where_memory_does_not_hold_both_the_old_one_goes_first(
    qwen3: Engine, model_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And where there is room it stays until the next one is there."""
    choice = ModelChoice(str(model_folder("Qwen3")), "cpu", "fp32")
    size = 2 * sum(weight.nbytes for weight in qwen3.learner.model.parameters())
    for free, stays in ((size, True), (size - 1, False)):
        old = ref(qwen3.learner.model)
        there: list[bool] = []

        def fail_to_load(
            *_: object, old: ReferenceType[PreTrainedModel] = old, there: list[bool] = there
        ) -> None:
            there.append(old() is not None)
            raise InputError("The disk is gone.")

        with monkeypatch.context() as patched:
            patched.setattr(devices, "free_memory", lambda _, free=free: free)
            patched.setattr(engine_module, "load_model", fail_to_load)
            with pytest.raises(InputError, match="disk is gone"):
                qwen3.load_model(choice)
        assert there == [stays]
        assert (qwen3.status() is not None) is stays
    assert qwen3.load_model(choice).updates == 0
