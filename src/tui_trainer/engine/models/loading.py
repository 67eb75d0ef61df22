"""From a model's files to the model: its tokenizer, its config and its weights.

The files are looked at first (`weight_files`, `stored_tensors`, `config_check`, `gguf_check`): what
transformers would take their word for, or pass over, is told before it reads them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
)

from tui_trainer.engine.models.adapters import without_adapters
from tui_trainer.engine.models.config_check import check_config, check_fits
from tui_trainer.engine.models.devices import count_parameters
from tui_trainer.engine.models.gguf_check import read_gguf_weights
from tui_trainer.engine.models.loaded_weights import LoadingInfo, check_complete, notes_on_loading
from tui_trainer.engine.models.model_files import CONFIG, check_files
from tui_trainer.engine.models.shapes import random_model, shape_config
from tui_trainer.engine.models.sources import NOT_CAUSAL, Source, is_causal
from tui_trainer.engine.models.stored_formats import QUANTIZED, check_plain
from tui_trainer.engine.models.stored_tensors import StoredTensor, read_tensors
from tui_trainer.engine.models.tokenizer_check import check_limits, check_tokenizer_file
from tui_trainer.engine.models.tokens import Vocabulary
from tui_trainer.engine.models.unreadable import NO_TOKENIZER, reading
from tui_trainer.engine.models.weight_files import find_weight_files
from tui_trainer.errors import InputError
from tui_trainer.settings.model import ModelChoice

# What a forward pass gives back, whatever a config says.
PLAIN_OUTPUTS = {"return_dict": True, "output_hidden_states": False, "output_attentions": False}


@dataclass(frozen=True)
class LoadedModel:
    """A model, and what is to be said of it: what its files hold that it does not have."""

    model: PreTrainedModel
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReadAgain:
    """How a model's weights are read once more, to the same bits."""

    name: str
    read: Callable[[], PreTrainedModel]
    """The model anew, on the host."""
    files: Callable[[], object]
    """What tells whether they are those of before."""


def load_vocabulary(source: Source, choice: ModelChoice) -> Vocabulary:
    """The tokenizer alone; it needs no weights."""
    with reading(source, "tokenizer"):
        if source.gguf_file is None:
            check_files(source.folder, source.name)
            check_tokenizer_file(source.folder, source.name)
        else:
            read_gguf_weights(source.folder / source.gguf_file, source.name)
        tokenizer = AutoTokenizer.from_pretrained(
            source.folder, **source.keywords, trust_remote_code=choice.remote_code
        )
    # Where its files are missing, transformers makes one with nothing but special tokens.
    if len(tokenizer) <= len(tokenizer.added_tokens_decoder):
        raise InputError(NO_TOKENIZER.format(source.name))
    check_limits(tokenizer, source.name)
    return Vocabulary(tokenizer, source.name)


def load_config(source: Source, choice: ModelChoice) -> PreTrainedConfig:
    """The model's config; InputError where no model that can be trained is made from it."""
    if source.shape is not None:
        return shape_config(source.shape, AutoConfig.from_pretrained(source.folder).eos_token_id)
    tensors = read_weights(source)
    with reading(source, "config"):
        if source.gguf_file is None:
            check_config(source.folder, source.name, tensors)
        config = AutoConfig.from_pretrained(
            source.folder,
            **source.keywords,
            **PLAIN_OUTPUTS,
            trust_remote_code=choice.remote_code,
        )
        # Attention is torch's own, whatever a config asks for: what is packed needs its masks.
        config._attn_implementation = None
    if getattr(config, "quantization_config", None) is not None:
        raise InputError(QUANTIZED.format(source.name, _method(config.quantization_config)))
    if config.is_encoder_decoder or not is_causal(config.architectures):
        raise InputError(NOT_CAUSAL.format(source.name))
    with reading(source, "config"):
        described_in = source.gguf_file or CONFIG
        check_fits(config, described_in, source.name, tensors, code=choice.remote_code)
    return config


def _method(quantization: object) -> str:
    """What a config calls the way in which its weights are quantized."""
    found = quantization if isinstance(quantization, dict) else vars(quantization)
    return str(found.get("quant_method") or "in a way that it does not name")


def load_model(
    source: Source, choice: ModelChoice, config: PreTrainedConfig, dtype: torch.dtype
) -> LoadedModel:
    """The model in eval mode on the CPU, with every weight taken from its files.

    `config` is what `load_config` gave: reading it again takes seconds for a GGUF file.
    """
    if source.shape is not None:
        return LoadedModel(random_model(config, dtype))
    with reading(source, "weights"), without_adapters():
        loaded = AutoModelForCausalLM.from_pretrained(
            source.folder,
            **source.weight_keywords,
            config=config,
            dtype=dtype,
            trust_remote_code=choice.remote_code,
            use_safetensors=True,
            output_loading_info=True,
            # Told by check_complete, which knows both shapes.
            ignore_mismatched_sizes=True,
        )
    # With output_loading_info it gives two things, which its types do not know.
    model, told = cast("tuple[PreTrainedModel, dict[str, Any]]", loaded)
    info = LoadingInfo(**told)
    check_complete(info, source.name, source.gguf_file or CONFIG)
    if (quantizer := getattr(model, "hf_quantizer", None)) is not None:
        # A GGUF file's weights are plain now; with this left on it save_pretrained refuses them.
        quantizer.remove_quantization_config(model)
    folder = source.folder if source.gguf_file is None else None
    return LoadedModel(model, tuple(notes_on_loading(folder, source.name, model, info)))


def reading_again(
    source: Source, choice: ModelChoice, config: PreTrainedConfig, dtype: torch.dtype
) -> ReadAgain:
    """As `load_model` is about to read it."""
    return ReadAgain(
        source.name,
        lambda: load_model(source, choice, config, dtype).model,
        lambda: source.weights_identity,
    )


def count_weights(source: Source, config: PreTrainedConfig) -> int:
    """How many numbers the weights of a model are, with nothing of them read."""
    if source.shape is not None:
        return count_parameters(config)
    return sum(tensor.size for tensor in read_weights(source).values())


def read_weights(source: Source) -> dict[str, StoredTensor]:
    """What a model's weights are, by the headers of its files alone.

    InputError where there is none that would be loaded, or where they are no plain weights.
    """
    if source.gguf_file is not None:
        with reading(source, "config"):
            return read_gguf_weights(source.folder / source.gguf_file, source.name)
    with reading(source, "config"):
        check_files(source.folder, source.name)
        files = find_weight_files(source.folder, source.name)
    with reading(source, "weights"):
        tensors = read_tensors(files)
    check_plain(tensors, source.name)
    return tensors
