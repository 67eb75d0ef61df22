"""Tensors that are written in pieces are to the bit what the library writes as a whole."""

import errno
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from tui_trainer.engine.engine import Engine
from tui_trainer.engine.loop import tensor_file
from tui_trainer.engine.loop.tensor_file import (
    NAMES,
    SAVES,
    save_in_pieces,
    save_tensors,
    saved_by_transformers,
)
from tui_trainer.runs.retried import TRIES, GivenUpError, is_transient, retried


def test_a_file_in_pieces_is_that_of_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tensor_file, "PIECE", 7)
    tensors = {
        f"{name.lower()}.é": torch.arange(6).reshape(2, 3).to(t) for t, name in NAMES.items()
    }
    tensors |= {"none": torch.zeros(0, 4), "one": torch.tensor(1.5), "part": torch.ones(4, 4)[:, 1]}
    whole = {name: tensor.contiguous() for name, tensor in tensors.items()}
    for metadata in ({"format": "pt"}, None):
        save_file(whole, tmp_path / "whole", metadata)
        save_in_pieces(tensors, tmp_path / "pieces", metadata)
        assert (tmp_path / "pieces").read_bytes() == (tmp_path / "whole").read_bytes()


def test_what_fails_for_good_is_given_up_after_a_bound_and_then_asked_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui_trainer.runs.retried.LONGEST_PAUSE", 0.0)
    tried: list[int] = []

    def fail() -> None:
        tried.append(1)
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    for tries in (TRIES, 1, 1):
        tried.clear()
        with pytest.raises(GivenUpError, match="Stale file handle"):
            retried(lambda: retried(fail))  # nobody above begins all over
        assert len(tried) == tries
    assert retried(lambda: 1) == 1
    tried.clear()
    with pytest.raises(GivenUpError):
        retried(fail)
    assert len(tried) == TRIES
    retried(lambda: None)


@pytest.mark.parametrize(("name", "files"), [(SAVES, ["model.safetensors"]), ("not_there", [])])
def test_transformers_writes_by_it_where_it_has_the_name(
    name: str, files: list[str], qwen3: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later release may call what it saves with something else, and saves all the same."""
    written: list[str] = []

    def note(tensors: dict[str, Tensor], path: str | Path, metadata: dict[str, str]) -> None:
        written.append(Path(path).name)
        save_tensors(tensors, path, metadata)

    monkeypatch.setattr(tensor_file, "SAVES", name)
    monkeypatch.setattr(tensor_file, "save_tensors", note)
    with saved_by_transformers():
        qwen3.learner.model.save_pretrained(tmp_path)
    assert written == files
    assert (tmp_path / "model.safetensors").exists()


def test_want_of_room_is_not_tried_again() -> None:
    assert not is_transient(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert is_transient(RuntimeError("I/O error: Input/output error (os error 5)"))
    assert not is_transient(RuntimeError("(os error 28)"))
