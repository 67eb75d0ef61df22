"""Models that are a shape alone, with random weights: what training costs, without a download.

The sizes are those of the models' config.json on the Hub.
"""

import torch
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    PreTrainedConfig,
    PreTrainedModel,
    Qwen3Config,
)

from tui_trainer.errors import InputError
from tui_trainer.settings.model import RANDOM

SEED = 0
"""The weights are the same every time."""


def _qwen3(hidden: int, intermediate: int, layers: int, heads: int) -> PreTrainedConfig:
    return Qwen3Config(
        vocab_size=151_936,
        hidden_size=hidden,
        intermediate_size=intermediate,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=8,
        head_dim=128,
        max_position_embeddings=40_960,
        tie_word_embeddings=True,
        bos_token_id=None,
    )


def _smollm2() -> PreTrainedConfig:
    return LlamaConfig(
        vocab_size=49_152,
        hidden_size=576,
        intermediate_size=1536,
        num_hidden_layers=30,
        num_attention_heads=9,
        num_key_value_heads=3,
        max_position_embeddings=8192,
        tie_word_embeddings=True,
    )


def _tiny() -> PreTrainedConfig:
    return Qwen3Config(
        vocab_size=4096,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        bos_token_id=None,
    )


SHAPES = {
    "tiny": _tiny,
    "smollm2-135m": _smollm2,
    "qwen3-0.6b": lambda: _qwen3(1024, 3072, 28, 16),
    "qwen3-1.7b": lambda: _qwen3(2048, 6144, 28, 16),
}


def check_shape(name: str) -> str:
    """Return `name`; InputError where no shape is called so."""
    if name not in SHAPES:
        raise InputError(
            f"There is no shape {name!r}: use {RANDOM} with one of {', '.join(SHAPES)}."
        )
    return name


def shape_config(name: str, end_of_text: int | None) -> PreTrainedConfig:
    """The shape's config, for a tokenizer with this end of text."""
    config = SHAPES[name]()
    config.architectures = [f"{type(config).__name__.removesuffix('Config')}ForCausalLM"]
    config.eos_token_id = config.pad_token_id = end_of_text
    return config


def random_model(config: PreTrainedConfig, dtype: torch.dtype) -> PreTrainedModel:
    """A model of this config in eval mode; nobody else's random numbers are drawn."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        model: PreTrainedModel = AutoModelForCausalLM.from_config(config, dtype=dtype)
    return model.eval()
