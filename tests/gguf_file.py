"""A tiny model as a GGUF file, written with the format's own package."""

import json
from pathlib import Path

from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter, LlamaFileType
from safetensors.numpy import load_file

from tests.models import byte_level_tokenizer


def write_gguf(llama: Path, written: Path) -> Path:
    """The tiny Llama as a GGUF file in F32, with a byte-level tokenizer of its own."""
    tensors = load_file(llama / "model.safetensors")
    embedding = tensors["model.embed_tokens.weight"]
    bpe = json.loads(byte_level_tokenizer().backend_tokenizer.to_str())["model"]
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
