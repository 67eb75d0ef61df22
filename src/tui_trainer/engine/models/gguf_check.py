"""Whether a .gguf file is a model, whole and of a likely size, before anything is built from it."""

from pathlib import Path

from tui_trainer.engine.models.config_check import check_entries
from tui_trainer.engine.models.gguf_header import GgufHeader, read_gguf_header
from tui_trainer.engine.models.stored_tensors import StoredTensor
from tui_trainer.errors import InputError

SIZES = {
    "block_count": "num_hidden_layers",
    "embedding_length": "hidden_size",
    "feed_forward_length": "intermediate_size",
    "context_length": "max_position_embeddings",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "vocab_size": "vocab_size",
    "expert_count": "num_local_experts",
}
"""What a config calls a size of the metadata, whose name begins with the architecture's."""


def read_gguf_weights(path: Path, model: str) -> dict[str, StoredTensor]:
    """The tensors of a GGUF file; InputError where it is no model, or only a part of one.

    Raises DamagedFileError where it is no such file, or cut off.
    """
    header = read_gguf_header(path)
    _check_whole(header, path, model)
    architecture = header.metadata.get("general.architecture")
    for key, meant in SIZES.items():
        value = header.metadata.get(f"{architecture}.{key}")
        check_entries(path.name, {meant: value}, model, len(header.tensors))
    return header.tensors


def _check_whole(header: GgufHeader, path: Path, model: str) -> None:
    parts, number = header.metadata.get("split.count", 1), header.metadata.get("split.no", 0)
    if isinstance(parts, int) and isinstance(number, int) and parts > 1:
        raise InputError(
            f"{path.name} is part {number + 1} of {parts} of a model: join its parts with "
            "`llama-gguf-split --merge` and load the whole."
        )
    kind = header.metadata.get("general.type", "model")
    if kind == "adapter":
        raise InputError(
            f"{path.name} is an adapter and no model: merge it with its base model and load that."
        )
    if kind != "model":
        raise InputError(
            f"{path.name} is of the type {kind} and no language model: choose another."
        )
    if not header.tensors:
        raise InputError(
            f"{path.name} holds no tensors, so {model} has no weights: choose another."
        )
