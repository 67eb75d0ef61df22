"""Every architecture that is promised: saved to disk, loaded as a user loads it, used."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.gguf_file import write_gguf
from tests.known import present
from tests.models import ARCHITECTURES, NOTEBOOK_TEXT
from tui_trainer.engine.engine import Engine
from tui_trainer.settings.model import ModelChoice

CLASSES = {
    "Qwen3": "Qwen3ForCausalLM",
    "Llama": "LlamaForCausalLM",
    "GPT2": "GPT2LMHeadModel",
    "GPTBigCode": "GPTBigCodeForCausalLM",
    "Starcoder2": "Starcoder2ForCausalLM",
    "Gemma": "GemmaForCausalLM",
}
WITH_DROPOUT = "GPT2", "GPTBigCode"


@pytest.mark.parametrize("precision", ["fp32", "mixed", "bf16"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_tokenize_predict_and_update(
    engine: Engine, model_folder: Callable[[str], Path], architecture: str, precision: str
) -> None:
    source = str(model_folder(architecture))
    status = engine.load_model(ModelChoice(source, "cpu", precision))
    assert status.model.architecture == CLASSES[architecture]
    assert status.model.precision == precision
    assert status.model.dropout == (0.1 if architecture in WITH_DROPOUT else 0)

    length = engine.tokenize(NOTEBOOK_TEXT, source).shape[1]
    prediction = engine.predict(NOTEBOOK_TEXT, 3)
    assert prediction.shape == (1, length)
    assert prediction.logits_shape == (1, length, status.model.vocabulary)

    update = engine.update(NOTEBOOK_TEXT)
    assert update.loss == pytest.approx(np.log(status.model.vocabulary), rel=0.1)
    assert update.grad_norm > 0
    assert 0 < present(update.moved) <= update.parameters == status.model.parameters
    now = present(engine.status())
    assert now.history.undo == 1
    assert now == replace(status, updates=1, unsaved=1, history=now.history)
    assert update.after.loss != update.before.loss


@pytest.mark.parametrize("architecture", WITH_DROPOUT)
def test_train_mode_is_noisy_where_there_is_dropout_and_eval_mode_is_not(
    engine: Engine, model_folder: Callable[[str], Path], architecture: str
) -> None:
    engine.load_model(ModelChoice(str(model_folder(architecture)), "cpu", "fp32"))
    losses: dict[bool, list[float]] = {True: [], False: []}
    for training, seen in losses.items():
        engine.set_training(training)
        for phase in ("forward", "loss", "forward", "loss"):
            report = engine.phase(phase, NOTEBOOK_TEXT)
            if phase == "loss":
                seen.append(present(report.loss))
    assert losses[True][0] != losses[True][1]
    assert losses[False][0] == losses[False][1]
    assert losses[False][0] == pytest.approx(engine.predict(NOTEBOOK_TEXT).loss, rel=1e-6)
    engine.reload()
    engine.set_training(True)
    assert engine.update(NOTEBOOK_TEXT).loss == losses[True][0]  # from the same random numbers


def test_predictions_shown_beside_a_noisy_update_have_no_noise(
    engine: Engine, model_folder: Callable[[str], Path]
) -> None:
    engine.load_model(ModelChoice(str(model_folder("GPT2")), "cpu", "fp32"))
    before = engine.predict(NOTEBOOK_TEXT, 3)
    update = engine.update(NOTEBOOK_TEXT)
    assert update.before == before
    assert update.after == engine.predict(NOTEBOOK_TEXT, 3)
    assert update.loss != before.loss


def test_train_mode_changes_nothing_without_dropout(qwen3: Engine) -> None:
    trained = qwen3.update(NOTEBOOK_TEXT)
    qwen3.reload()
    qwen3.set_training(False)
    assert qwen3.update(NOTEBOOK_TEXT).loss == trained.loss
    assert trained.before.loss == pytest.approx(trained.loss, rel=1e-6)


@pytest.fixture
def gguf_file(model_folder: Callable[[str], Path], tmp_path: Path) -> Path:
    return write_gguf(model_folder("Llama"), tmp_path / "tiny.gguf")


def test_a_gguf_file_loads_and_trains(engine: Engine, gguf_file: Path) -> None:
    status = engine.load_model(ModelChoice(str(gguf_file), "cpu", "fp32"))
    assert (status.model.name, status.model.architecture) == ("tiny", "LlamaForCausalLM")
    assert status.model.parameters == 10_736
    tokens = engine.tokenize(NOTEBOOK_TEXT, str(gguf_file)).tokens
    assert b"".join(token.bytes for token in tokens) == NOTEBOOK_TEXT.encode()
    assert present(engine.update(NOTEBOOK_TEXT).moved) > 0


def test_a_model_from_a_gguf_file_can_be_saved(
    engine: Engine, gguf_file: Path, tmp_path: Path
) -> None:
    engine.load_model(ModelChoice(str(gguf_file), "cpu", "fp32"))
    engine.learner.model.save_pretrained(tmp_path / "saved")
    assert (tmp_path / "saved" / "model.safetensors").is_file()
