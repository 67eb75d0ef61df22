"""Whatever a model, a tokenizer, a data set or a checkpoint consists of, no pickle is opened."""

import json
import pickle
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
import transformers.integrations.peft
import transformers.models.auto.auto_factory
from safetensors.torch import save_file

from tests.gguf_file import write_gguf
from tests.known import end, step_reports, the
from tui_trainer.engine.data.problems import load_problems
from tui_trainer.engine.engine import Engine
from tui_trainer.errors import InputError
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.checkpoints import find_checkpoint
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings


class Bomb:
    """Whoever unpickles it makes a file; a test looks for that file."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.trace,)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of all that opens pickles, as they are called."""
    calls: list[str] = []

    def watch(owner: object, name: str) -> None:
        real = getattr(owner, name)

        def told(*args: object, **keywords: object) -> object:
            calls.append(name)
            return real(*args, **keywords)

        monkeypatch.setattr(owner, name, told)

    for owner, name in (
        (torch, "load"),
        (torch.serialization, "load"),
        (pickle, "load"),
        (pickle, "loads"),
        (pickle, "Unpickler"),
    ):
        watch(owner, name)
    yield calls
    assert calls == []


@pytest.fixture
def folder(model_folder: Callable[[str], Path], tmp_path: Path) -> Path:
    """A tiny Qwen3 with its weights beside it, as `model` takes them to be pickled."""
    return shutil.copytree(model_folder("Qwen3"), tmp_path / "model")


def plant(folder: Path, name: str) -> Path:
    """A file that torch.load and pickle.load would run; gives the trace that it would leave."""
    trace = folder / "it ran"
    with (folder / name).open("wb") as file:
        pickle.dump(Bomb(trace), file)
    return trace


def write_index(folder: Path, name: str) -> None:
    (folder / "model.safetensors").unlink()
    index = {"metadata": {}, "weight_map": {"model.norm.weight": name}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def named_by_the_index_beside_a_decoy(folder: Path) -> None:
    write_index(folder, "pytorch_model.bin")
    save_file({"model.norm.weight": torch.ones(16)}, folder / "decoy.safetensors")


def named_by_the_index_in_another_folder(folder: Path) -> None:
    write_index(folder, "../model/pytorch_model.bin")


def named_like_safetensors_in_another_folder(folder: Path) -> None:
    shutil.copy(folder / "model.safetensors", folder.parent / "other.safetensors")
    write_index(folder, "../other.safetensors")


def named_by_a_whole_path(folder: Path) -> None:
    write_index(folder, str(folder / "pytorch_model.bin"))


def named_by_the_config(folder: Path) -> None:
    path = folder / "config.json"
    path.write_text(
        json.dumps({**json.loads(path.read_text()), "transformers_weights": "adapter_model.bin"})
    )


def called_safetensors(folder: Path) -> None:
    shutil.copy(folder / "pytorch_model.bin", folder / "model.safetensors")


def in_shards(folder: Path) -> None:
    shutil.copy(folder / "pytorch_model.bin", folder / ".metadata")
    (folder / "model.safetensors").rename(folder / "shard-00000-model-00001-of-00001.safetensors")


def alone(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


REFUSED: list[tuple[Callable[[Path], None], str]] = [
    (named_by_the_index_beside_a_decoy, "pickled weights (pytorch_model.bin in model.safetensors"),
    (named_by_the_index_in_another_folder, "pickled weights (../model/pytorch_model.bin in"),
    (named_like_safetensors_in_another_folder, "../other.safetensors, which is not in its folder"),
    (named_by_a_whole_path, "pickled weights (/"),
    (named_by_the_config, "in a file of another name (adapter_model.bin): rename it"),
    (called_safetensors, "model.safetensors does not begin as a .safetensors file does"),
    (in_shards, "is a checkpoint of several processes, in shards"),
    (alone, "has pickled weights only"),
]


@pytest.mark.parametrize(("place", "sentence"), REFUSED, ids=[one.__name__ for one, _ in REFUSED])
def test_pickled_weights_are_refused_wherever_they_are(
    engine: Engine, folder: Path, opened: list[str], place: Callable[[Path], None], sentence: str
) -> None:
    trace = plant(folder, "pytorch_model.bin")
    plant(folder, "adapter_model.bin")
    place(folder)
    with pytest.raises(InputError) as refused:
        engine.load_model(ModelChoice(str(folder), "cpu", "fp32"))
    assert sentence in str(refused.value)
    assert not trace.exists()


def test_a_pickled_adapter_beside_a_model_is_left_alone_where_peft_is_installed(
    engine: Engine, folder: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in transformers.integrations.peft, transformers.models.auto.auto_factory:
        monkeypatch.setattr(module, "is_peft_available", lambda: True)
    trace = plant(folder, "adapter_model.bin")
    (folder / "adapter_config.json").write_text(
        json.dumps({"peft_type": "LORA", "base_model_name_or_path": "some/base"})
    )
    status = engine.load_model(ModelChoice(str(folder), "cpu", "fp32"))
    assert status.model.name == "model"
    assert not trace.exists()


def test_what_can_be_loaded_is_loaded_without_a_pickle(
    engine: Engine,
    folder: Path,
    model_folder: Callable[[str], Path],
    opened: list[str],
    tmp_path: Path,
) -> None:
    trace = plant(folder, "pytorch_model.bin")
    problems = write_problems(tmp_path)
    for source in str(folder), str(write_gguf(model_folder("Llama"), tmp_path / "tiny.gguf")):
        engine.load_tokenizer(source)
        engine.load_model(ModelChoice(source, "cpu", "fp32"))
    for path in problems:
        assert load_problems(str(path), limit=2)
    assert not trace.exists()


def write_problems(folder: Path) -> tuple[Path, Path]:
    """The same two items as lines and as a table."""
    import pyarrow  # noqa: PLC0415
    import pyarrow.parquet  # noqa: PLC0415

    rows = [{"question": "2+2?", "answer": "4"}, {"question": "7-9?", "answer": "-2"}]
    lines, table = folder / "items.jsonl", folder / "items.parquet"
    lines.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), table)
    return lines, table


def test_a_run_is_resumed_without_a_pickle(
    engine: Engine, folder: Path, opened: list[str], tmp_path: Path
) -> None:
    settings = TrainSettings(items=2, checkpoint_every=1)
    engine.load_model(ModelChoice(str(folder), "cpu", "fp32"))
    reports = engine.train(settings, record=True)
    run = the(StepReport, next(reports)).run
    end(reports)
    assert run is not None
    checkpoint = find_checkpoint(run)
    trace = plant(checkpoint, "optimizer.pt")
    plant(checkpoint, "pytorch_model.bin")
    engine.load_model(ModelChoice(str(checkpoint), "cpu", "fp32"))
    assert [report.step for report in step_reports(engine.resume(str(checkpoint), settings))] == [2]
    assert not trace.exists()
