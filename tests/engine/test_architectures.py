"""Every architecture that is promised: saved to disk, loaded as a user loads it, used."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter, LlamaFileType
from safetensors.numpy import load_file

from tests.models import ARCHITECTURES, NOTEBOOK_TEXT, byte_level_tokenizer
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.settings import ModelChoice

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
    assert 0 < update.moved <= update.parameters == status.model.parameters
    now = engine.status()
    assert now.history.undo == 1
    assert now == replace(status, updates=1, history=now.history)
    assert update.after.loss != update.before.loss


@pytest.mark.parametrize("architecture", WITH_DROPOUT)
def test_train_mode_is_noisy_where_there_is_dropout_and_eval_mode_is_not(
    engine: Engine, model_folder: Callable[[str], Path], architecture: str
) -> None:
    engine.load_model(ModelChoice(str(model_folder(architecture)), "cpu", "fp32"))
    losses: dict[bool, list[float]] = {True: [], False: []}
    for training, seen in losses.items():
        engine.set_training(training)
        for _ in range(2):
            seen.append(engine.update(NOTEBOOK_TEXT).loss)
            engine.reload()
    assert losses[True][0] != losses[True][1]
    assert losses[False][0] == losses[False][1]
    assert losses[False][0] == pytest.approx(engine.predict(NOTEBOOK_TEXT).loss, rel=1e-6)


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
    """The tiny Llama as a GGUF file in F32, with a byte-level tokenizer of its own."""
    tensors = load_file(model_folder("Llama") / "model.safetensors")
    embedding = tensors["model.embed_tokens.weight"]
    bpe = json.loads(byte_level_tokenizer().backend_tokenizer.to_str())["model"]
    written = tmp_path / "tiny.gguf"
    writer = GGUFWriter(written, "llama")
    writer.add_name("tiny")
    writer.add_context_length(128)
    writer.add_embedding_length(16)
    writer.add_block_count(2)
    writer.add_feed_forward_length(32)
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    writer.add_rope_dimension_count(8)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_vocab_size(len(embedding))
    writer.add_file_type(LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("gpt2")
    pieces = sorted(bpe["vocab"], key=bpe["vocab"].__getitem__)[: len(embedding)]
    writer.add_token_list(pieces)
    writer.add_token_types([1] * len(pieces))
    merges = [pair for pair in bpe["merges"] if "".join(pair) in pieces]
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    for name, tensor in tensors.items():
        writer.add_tensor(gguf_name(name), tensor, raw_dtype=GGMLQuantizationType.F32)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert len(GGUFReader(written).tensors) == len(tensors)
    return written


def gguf_name(name: str) -> str:
    """What a tensor of a Llama is called in a GGUF file."""
    for ours, theirs in {
        "model.layers": "blk",
        "model.embed_tokens": "token_embd",
        "model.norm": "output_norm",
        "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output",
        "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down",
        "input_layernorm": "attn_norm",
        "post_attention_layernorm": "ffn_norm",
    }.items():
        name = name.replace(ours, theirs)
    return name


def test_a_gguf_file_loads_and_trains(engine: Engine, gguf_file: Path) -> None:
    status = engine.load_model(ModelChoice(str(gguf_file), "cpu", "fp32"))
    assert (status.model.name, status.model.architecture) == ("tiny", "LlamaForCausalLM")
    assert status.model.parameters == 10_736
    tokens = engine.tokenize(NOTEBOOK_TEXT, str(gguf_file)).tokens
    assert b"".join(token.bytes for token in tokens) == NOTEBOOK_TEXT.encode()
    assert engine.update(NOTEBOOK_TEXT).moved > 0


def test_a_model_from_a_gguf_file_can_be_saved(
    engine: Engine, gguf_file: Path, tmp_path: Path
) -> None:
    engine.load_model(ModelChoice(str(gguf_file), "cpu", "fp32"))
    engine.learner.model.save_pretrained(tmp_path / "saved")
    assert (tmp_path / "saved" / "model.safetensors").is_file()
