"""The loaded weights, had again from a copy or, where memory is short, from their files."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.engine.notebook import assert_same_bits, weights_of
from tests.known import present
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.models import devices
from tui_trainer.engine.models.sources import Source
from tui_trainer.errors import InputError
from tui_trainer.settings.model import ModelChoice


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host has no room for a copy of the weights beside an update."""
    monkeypatch.setattr("tui_trainer.engine.learner.has_room_for_copies", lambda *_: False)


@pytest.fixture
def folder(model_folder: Callable[[str], Path], tmp_path: Path) -> Path:
    return shutil.copytree(model_folder("Qwen3"), tmp_path / "model")


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("source", ["folder", "random:tiny"])
@pytest.mark.usefixtures("short")
def test_the_files_give_the_loaded_weights_again(
    engine: Engine, folder: Path, source: str, precision: str
) -> None:
    engine.load_model(ModelChoice(str(folder) if source == "folder" else source, "cpu", precision))
    learner = engine.learner
    assert not learner.loaded.is_copied
    loaded, first = weights_of(learner.model), engine.update(NOTEBOOK_TEXT).loss
    for _ in range(2):
        engine.update(NOTEBOOK_TEXT)
        engine.reload()
        assert_same_bits(learner.model.parameters(), loaded)
        assert present(engine.status()).updates == 0
        assert engine.update(NOTEBOOK_TEXT).loss == first


def overwrite(file: Path) -> None:
    """Another file in its place, as a download or a checkpoint writes it."""
    tensors = {name: tensor + 1 for name, tensor in load_file(file).items()}
    written = file.with_name("written")
    save_file(tensors, written, {"format": "pt"})
    written.rename(file)


@pytest.mark.parametrize("change", [overwrite, Path.unlink])
@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.usefixtures("short")
def test_files_that_are_others_now_are_not_taken_for_the_loaded_ones(
    engine: Engine,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path], None],
    seen: bool,
) -> None:
    if not seen:  # as on a disk that tells no moments
        monkeypatch.setattr(Source, "weights_identity", frozenset())
    engine.load_model(ModelChoice(str(folder), "cpu", "fp32"))
    engine.update(NOTEBOOK_TEXT)
    weights = weights_of(engine.learner.model)
    change(folder / "model.safetensors")
    told = "other weights now than when it was loaded" if seen or change is overwrite else "model"
    with pytest.raises(InputError, match=told):
        engine.reload()
    assert_same_bits(engine.learner.model.parameters(), weights)
    assert present(engine.status()).updates == 1


def test_a_copy_needs_no_files_until_it_is_given_up(engine: Engine, folder: Path) -> None:
    engine.load_model(ModelChoice(str(folder), "cpu", "fp32"))
    learner, file = engine.learner, folder / "model.safetensors"
    loaded, away = weights_of(learner.model), folder.parent / "away"
    file.rename(away)
    assert learner.loaded.give_up() == 0  # it is the only one
    engine.update(NOTEBOOK_TEXT)
    engine.reload()
    assert_same_bits(learner.model.parameters(), loaded)
    away.rename(file)
    assert learner.loaded.give_up() == learner.weights.trained_bytes
    assert not learner.loaded.is_copied
    engine.update(NOTEBOOK_TEXT)
    engine.reload()
    assert_same_bits(learner.model.parameters(), loaded)


@pytest.mark.parametrize(("device", "copies"), [("cpu", 7), ("cuda", 4)])
def test_a_copy_is_made_where_an_update_with_undo_fits_beside_it(
    monkeypatch: pytest.MonkeyPatch, device: str, copies: int
) -> None:
    for free, fits in (copies * 1000, True), (copies * 1000 - 1, False):
        monkeypatch.setattr(devices, "free_memory", lambda _, free=free: free)
        assert devices.has_room_for_copies(1000, torch.device(device)) is fits
