"""Tiny random models of the decoders that transformers knows: made in memory, in a tenth of a
second each, so that a way of running a model can be tried on all of them.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedConfig, PreTrainedModel
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from tests.models import VOCABULARY, byte_level_tokenizer
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.models.model_report import embedding_rows, report_model
from tui_trainer.engine.models.tokens import Vocabulary

CONTEXT = 256
WIDTH, HEADS, KV_HEADS, HEAD_WIDTH = 32, 4, 2, 8
EXPERTS, EXPERT_WIDTH = 4, 16
SPREAD = 0.2
"""Standard deviation of the weights: with the usual 0.02 all logits are alike."""
NOT = object()
"""A size that a config is not to be given."""

Sizes = Mapping[str, object]
"""What a config is given, by name."""
NO_OTHERS: Sizes = {}
SIZES: dict[str, object] = {
    **dict.fromkeys(
        ("hidden_size", "d_model", "n_embd", "dim", "embedding_size", "word_embed_proj_dim"), WIDTH
    ),
    **dict.fromkeys(
        (
            *("intermediate_size", "ffn_dim", "d_inner", "n_inner", "ffn_hidden_size"),
            *("decoder_ffn_dim", "encoder_ffn_dim", "intermediate_size_mlp"),
        ),
        2 * WIDTH,
    ),
    **dict.fromkeys(
        (
            *("num_hidden_layers", "n_layer", "n_layers", "num_layers"),
            *("decoder_layers", "num_decoder_layers"),
        ),
        2,
    ),
    **dict.fromkeys(("encoder_layers", "num_encoder_layers"), 1),
    **dict.fromkeys(
        (
            *("num_attention_heads", "n_head", "n_heads", "num_heads"),
            *("decoder_attention_heads", "encoder_attention_heads"),
            *("num_decoder_attention_heads", "num_encoder_attention_heads"),
        ),
        HEADS,
    ),
    **dict.fromkeys(
        ("max_position_embeddings", "n_positions", "max_seq_len", "max_target_positions"), CONTEXT
    ),
    **dict.fromkeys(
        ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts"), EXPERTS
    ),
    **dict.fromkeys(("num_experts_per_tok", "moe_topk"), 2),
    **dict.fromkeys(("moe_intermediate_size", "shared_expert_intermediate_size"), EXPERT_WIDTH),
    **dict.fromkeys(("n_group", "topk_group", "first_k_dense_replace"), 1),
    **dict.fromkeys(("q_lora_rank", "kv_lora_rank"), 16),
    **dict.fromkeys(("qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim"), HEAD_WIDTH),
    **dict.fromkeys(("state_size", "mamba_d_state"), 8),
    **dict.fromkeys(("linear_key_head_dim", "linear_value_head_dim"), HEAD_WIDTH),
    **dict.fromkeys(
        (
            *("dropout", "attention_dropout", "hidden_dropout_prob"),
            *("attention_probs_dropout_prob", "resid_pdrop", "attn_pdrop", "embd_pdrop"),
        ),
        0.0,
    ),
    **dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id"), 0),
    **dict.fromkeys(("initializer_range", "init_std"), SPREAD),
    "vocab_size": VOCABULARY,
    "num_key_value_heads": KV_HEADS,
    "head_dim": HEAD_WIDTH,
    "mamba_dt_rank": 4,
    "mamba_n_heads": 4,
    "mamba_d_head": 16,
    "mamba_expand": 2,
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "is_decoder": True,
    "is_encoder_decoder": False,
}
"""What a config is given of these where it knows the name."""

LATENT: dict[str, object] = {"num_key_value_heads": HEADS, "head_dim": NOT}
"""Attention through a latent vector, which every head has a key of."""
OTHERWISE: dict[str, dict[str, object]] = {
    **dict.fromkeys(("axk1", "axk2", "deepseek_v2", "deepseek_v3", "deepseek_v32"), LATENT),
    **dict.fromkeys(("glm4_moe_lite", "glm_moe_dsa", "minicpm3", "youtu"), LATENT),
    "codegen": {"rotary_dim": 4},
    "dbrx": {
        "attn_config": {"kv_n_heads": 2, "rope_theta": 10000.0, "clip_qkv": 8.0},
        "ffn_config": {"ffn_hidden_size": 64, "moe_num_experts": 4, "moe_top_k": 2},
    },
    "dots1": {"n_shared_experts": 1},
    "dots3_note_text": {"num_attention_heads": NOT, "num_key_value_heads": NOT, "head_dim": NOT},
    "falcon": {"head_dim": NOT},
    "falcon_h1": {"mamba_d_ssm": 64},
    "gemma3n_text": {
        "num_kv_shared_layers": 0,
        "vocab_size_per_layer_input": VOCABULARY,
        "hidden_size_per_layer_input": 8,
        "laurel_rank": 8,
        "altup_num_inputs": 2,
        "layer_types": ["sliding_attention", "full_attention"],
        "activation_sparsity_pattern": [0.0, 0.0],
    },
    "gemma4_text": {
        "head_dim": NOT,
        "vocab_size_per_layer_input": VOCABULARY,
        "hidden_size_per_layer_input": 8,
        "global_head_dim": 16,
    },
    "gemma4_unified_text": {"head_dim": NOT},
    "gpt_neo": {"attention_types": [[["global", "local"], 1]], "window_size": 8},
    "gptj": {"rotary_dim": 4},
    "jamba": {
        "num_experts": 2,
        "attn_layer_period": 2,
        "attn_layer_offset": 1,
        "expert_layer_period": 2,
        "expert_layer_offset": 1,
        "use_mamba_kernels": False,
    },
    "kimi_linear": {
        "num_key_value_heads": HEADS,
        "linear_attn_config": {
            "kda_layers": [1],
            "full_attn_layers": [2],
            "num_heads": 4,
            "head_dim": 8,
            "short_conv_kernel_size": 4,
        },
    },
    "lfm2": {"layer_types": ["conv", "full_attention"]},
    "lfm2_moe": {"num_dense_layers": 1, "layer_types": ["conv", "full_attention"]},
    "llama4_text": {"num_experts_per_tok": 1, "attention_chunk_size": 64},
    "longcat_flash": {
        "num_key_value_heads": HEADS,
        "expert_ffn_hidden_size": EXPERT_WIDTH,
        "zero_expert_num": 1,
    },
    "mamba2": {"num_heads": 8, "n_groups": 2, "chunk_size": 8},
    "prophetnet": {"num_hidden_layers": NOT},
    "qwen3_next": {"layer_types": ["linear_attention", "full_attention"]},
    "reformer": {
        "axial_pos_embds": False,
        "attn_layers": ["local", "lsh"],
        "attention_head_size": 8,
        "feed_forward_size": 64,
        "num_buckets": 2,
        "local_attn_chunk_length": 64,
        "lsh_attn_chunk_length": 64,
    },
    "roberta": {"pad_token_id": 1},
    "roc_bert": {
        "pronunciation_vocab_size": 10,
        "shape_vocab_size": 10,
        "pronunciation_embed_dim": 8,
        "shape_embed_dim": 8,
    },
    "xlnet": {"max_position_embeddings": NOT},
    "xlstm": {"v_head_dim": NOT, "head_dim": NOT},
    "xmod": {"default_language": "en_XX"},
    "zaya": {"num_experts_per_tok": 1},
}
VISION: dict[str, object] = {
    "hidden_size": WIDTH,
    "intermediate_size": 2 * WIDTH,
    "num_attention_heads": 2,
    **dict.fromkeys(("num_hidden_layers", "depth"), 1),
    "num_heads": 2,
    "out_hidden_size": WIDTH,
    "image_size": 28,
    "patch_size": 14,
    **dict.fromkeys(("vision_output_dim", "projector_input_dim", "projector_output_dim"), WIDTH),
}
WITH_PICTURES = {kind: f"{kind}_text" for kind in ("gemma3", "gemma4", "llama4", "qwen3_5")}
"""Models with a tower for pictures, and what their text model is called."""
LARGE = "has more than a text model in it"
UNBUILT = {
    **dict.fromkeys(("blt", "emu3", "fuyu", "gemma4_unified", "git"), LARGE),
    **dict.fromkeys(("dots3_note", "got_ocr2", "mllama", "phi4_multimodal"), LARGE),
    **dict.fromkeys(("moss_transcribe_diarize", "qwen3_5_moe", "qwen4_exp"), LARGE),
    **dict.fromkeys(("musicgen", "musicgen_melody"), LARGE),
    "gemma3n": "needs a package for pictures",
    "gemma4_assistant": "is a part of another model",
    "gemma4_unified_assistant": "is a part of another model",
    "cohere_compass_text": "its config does not say all that its model reads",
    "cpmant": "reads a prompt of its own beside the text",
    "zamba": "cannot be made with three layers",
    "zamba2": "cannot be made with three layers",
}
"""Those of the mapping that are not here, and why."""
ARCHITECTURES = tuple(kind for kind in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES if kind not in UNBUILT)


def tiny_config(kind: str, sizes: Sizes = NO_OTHERS) -> PreTrainedConfig:
    """A config of this `model_type` with everything small, and `sizes` as they are given."""
    if kind in WITH_PICTURES:
        text = tiny_config(WITH_PICTURES[kind], sizes).to_dict()
        return AutoConfig.for_model(kind, text_config=text, vision_config=VISION)
    known = AutoConfig.for_model(kind)
    given = {**OTHERWISE.get(kind, {}), **sizes}
    # To ask the config itself for a name may raise, where layers have sizes of their own.
    names = {*vars(known), *dir(type(known)), *known.attribute_map}
    usual = {name: size for name, size in SIZES.items() if name in names and name not in given}
    chosen = usual | {n: size for n, size in given.items() if size is not NOT}
    return AutoConfig.for_model(kind, **chosen)


def tiny_model(
    kind: str, dtype: torch.dtype = torch.float32, sizes: Sizes = NO_OTHERS
) -> PreTrainedModel:
    """The same random weights every time, far enough from zero that tokens matter.

    Drawn in fp32, since versions of torch draw bf16 in ways of their own.
    """
    with torch.random.fork_rng():
        torch.manual_seed(0)
        drawn = AutoModelForCausalLM.from_config(tiny_config(kind, sizes), dtype=torch.float32)
        with torch.no_grad():
            for weight in drawn.parameters():
                if weight.dim() > 1 and weight.std() < SPREAD / 2:
                    weight.normal_(std=SPREAD)
        if dtype == torch.float32:
            return drawn.eval()
        model = AutoModelForCausalLM.from_config(tiny_config(kind, sizes), dtype=dtype)
        model.load_state_dict(drawn.state_dict())
    return model.eval()


def save_tiny(kind: str, folder: Path) -> Path:
    """The model and the tokenizer as a person would have them on disk."""
    tiny_model(kind).save_pretrained(folder)
    byte_level_tokenizer().save_pretrained(folder)
    return folder


def tiny_learner(kind: str, precision: str = "fp32", sizes: Sizes = NO_OTHERS) -> Learner:
    """A Learner with the byte-level tokenizer, as a load would make it."""
    dtype = torch.bfloat16 if precision.startswith("bf16") else torch.float32
    model = tiny_model(kind, dtype, sizes)
    report = report_model(model, kind, "cpu", precision, 0.0)
    vocabulary = Vocabulary(byte_level_tokenizer(), kind)
    return Learner(model, vocabulary.fitted(embedding_rows(model), report.context), report)
