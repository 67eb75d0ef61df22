"""Whether a config.json can be that of a model: asked before anything is built from it.

transformers makes a label for each of `num_labels` and a module for each layer, and takes memory
for every weight that a file lacks: a number past reason costs minutes and gigabytes there.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, PreTrainedConfig

from tui_trainer.engine.models.model_files import CONFIG, GENERATION, read_object
from tui_trainer.engine.models.stored_tensors import StoredTensor
from tui_trainer.errors import InputError

MOST_LABELS = 100_000
"""A language model needs none; ImageNet's 21,843 are the most that are in use. They take 0.7 s."""
LARGEST_SIZE = 1 << 24
"""Of a vocabulary, a width, a context: 16.7 million. The longest context in use is 10.5 million."""
MOST_TIMES_THE_FILES = 4
"""So many times the numbers in its files may a model have; a tied head would be twice."""
SLACK = 1 << 22
"""Weights that are let pass whatever the files hold: 16 MB in fp32."""

LABELS = {"num_labels", "id2label", "label2id"}
LAYERS = {"num_hidden_layers", "n_layer", "n_layers", "num_layers", "decoder_layers"}
SIZES = {
    *("vocab_size", "hidden_size", "n_embd", "d_model", "word_embed_proj_dim"),
    *("intermediate_size", "n_inner", "ffn_dim", "decoder_ffn_dim"),
    *("num_attention_heads", "n_head", "n_heads", "num_key_value_heads", "head_dim"),
    *("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len"),
}
EXPERTS = {"num_experts", "num_local_experts", "n_routed_experts", "moe_intermediate_size"}
"""0 in a model that has none."""
IDS = {"bos_token_id", "eos_token_id", "pad_token_id"}
LEAST = {1: SIZES, 0: EXPERTS, -1: IDS}


def check_config(folder: Path, model: str, tensors: Mapping[str, StoredTensor]) -> None:
    """Raise InputError where config.json cannot describe a model with these tensors.

    So also where generation_config.json has no IDs for IDs. Raises DamagedFileError where one of
    them is no JSON object.
    """
    config = read_object(folder / CONFIG)
    _check_architectures(config.get("architectures"), model)
    check_entries(CONFIG, config, model, len(tensors))
    if (folder / GENERATION).is_file():
        ids = {k: v for k, v in read_object(folder / GENERATION).items() if k in IDS}
        check_entries(GENERATION, ids, model, len(tensors))


def check_entries(file: str, entries: Mapping[str, object], model: str, tensors: int) -> None:
    """Raise InputError with the first entry that cannot be that of a model with so many tensors."""
    for key, value in _entries(entries):
        reason = None if value is None else _implausible(key, value, tensors)
        if reason is not None:
            raise InputError(
                f"{file} of {model} has {_short(value)} as its {key}, and {reason}: mend that "
                "line, or copy the file again."
            )


def _entries(config: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """All entries with what lies inside, such as those of a `text_config`."""
    for key, value in config.items():
        yield key, value
        if isinstance(value, dict) and key not in LABELS:
            yield from _entries(value)


def _check_architectures(named: object, model: str) -> None:
    listed = isinstance(named, list) and all(isinstance(name, str) for name in named)
    if named is not None and not listed:
        raise InputError(
            f"{CONFIG} of {model} has {_short(named)} as its architectures, which is no list of "
            "class names: mend that line, or copy the file again."
        )


def _implausible(key: str, value: object, tensors: int) -> str | None:
    """Why an entry can be that of no model; None where it can."""
    if key in LABELS:
        return _not_whole(len(value) if isinstance(value, dict | list) else value, 0, MOST_LABELS)
    if key in LAYERS:
        return _not_whole(value, 1, tensors, f"its files hold {tensors:,} tensors")
    least = next((least for least, keys in LEAST.items() if key in keys), None)
    if least is not None:
        # Some models have a list, with a size for each layer, or several IDs that end a text.
        several = value if isinstance(value, list) else [value]
        return next(filter(None, (_not_whole(one, least, LARGEST_SIZE) for one in several)), None)
    if key in ("dtype", "torch_dtype"):
        return _no_type(value)
    if "dropout" not in key and not key.endswith("pdrop"):
        return None
    is_share = isinstance(value, int | float) and 0 <= value <= 1
    return None if is_share else "it must be between 0 and 1"


def _no_type(value: object) -> str | None:
    """Why `value` is no type of numbers; None where it is one, or has one for each part."""
    named = getattr(torch, value.removeprefix("torch."), None) if isinstance(value, str) else value
    is_type = isinstance(named, torch.dtype | dict) or value == "auto"
    return None if is_type else "torch has no such type"


def _not_whole(value: object, least: int, most: int, why: str = "") -> str | None:
    """Why `value` is no whole number of this range; None where it is one."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        return f"it must be a whole number from {least}"
    if value > most:
        return why or f"at most {most:,} can be"
    return None


def _short(value: object) -> str:
    if isinstance(value, dict | list):
        return f"{len(value):,} entries"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return f"{value:,}"
    return repr(value)[:40]


def check_fits(
    config: PreTrainedConfig,
    file: str,
    model: str,
    tensors: Mapping[str, StoredTensor],
    *,
    code: bool,
) -> None:
    """Build the model without memory for its weights; InputError where its files hold far fewer.

    `file` is where the config was read from. Takes 20 to 300 ms. Raises whatever the model's class
    does for a config that it cannot take; `code` lets that class be one that comes with the model.
    """
    layers = getattr(config.get_text_config(), "num_hidden_layers", None)
    check_entries(file, {"num_hidden_layers": layers}, model, len(tensors))
    with torch.device("meta"):
        built = AutoModelForCausalLM.from_config(config, trust_remote_code=code)
    needed = sum(t.numel() for t in (*built.parameters(), *built.buffers()))
    stored = sum(tensor.size for tensor in tensors.values())
    if needed > MOST_TIMES_THE_FILES * stored + SLACK:
        raise InputError(
            f"{file} of {model} describes {needed:,} weights and its files hold {stored:,}: take "
            "all files from one save of the model."
        )
