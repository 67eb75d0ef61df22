"""Tensors in files that are no model's plain weights: quantized ones, and those under other names.

transformers passes over what it does not know and casts whatever type it finds, so a model loads
from such files without a word and predicts something else.
"""

from collections.abc import Mapping

from tui_trainer.engine.models.stored_tensors import StoredTensor
from tui_trainer.errors import InputError

QUANTIZED = (
    "The weights of {} are quantized ({}), and such cannot be trained: choose the model that it "
    "was made from."
)
FORMATS = {
    ".g_idx": "GPTQ",
    ".qweight": "GPTQ or AWQ",
    ".SCB": "int8 by bitsandbytes",
    ".absmax": "bitsandbytes",
    ".weight_packed": "compressed-tensors",
    ".hqq": "HQQ",
    "_blocks": "MXFP4",
}
"""What a tensor's name ends with that goes with a quantized weight, the most definite first."""
SCALES = "_scale_inv", "_scale", "_scales", "_zero_point"
"""What a name ends with that is else a weight's: the weight must be multiplied by it."""
PREFIXES = {
    "_orig_mod.": ("torch.compile leaves it", "model._orig_mod"),
    "module.": ("DistributedDataParallel leaves it", "model.module"),
    "_fsdp_wrapped_module.": ("FSDP leaves it", "the model without FSDP"),
    "_forward_module.": ("a trainer's wrapper leaves it", "the model inside it"),
    "base_model.model.": ("PEFT leaves it", "what merge_and_unload gives"),
}


def check_plain(tensors: Mapping[str, StoredTensor], model: str) -> None:
    """Raise InputError, with what they are, where these tensors are no plain weights."""
    kind = _quantization(tensors)
    if kind is not None:
        raise InputError(QUANTIZED.format(model, kind))
    for prefix, (whose, inside) in PREFIXES.items():
        if tensors and all(name.startswith(prefix) for name in tensors):
            raise InputError(
                f"The weights of {model} have {prefix} before their names, as {whose}: save "
                f"{inside} with save_pretrained and load that."
            )


def _quantization(tensors: Mapping[str, StoredTensor]) -> str | None:
    """The format that the weights are quantized in; None where they are numbers as they are."""
    small = next((t for t in tensors.values() if t.dtype.startswith(("F8_", "F6_", "F4"))), None)
    if small is not None:
        return "fp8" if small.dtype.startswith("F8_") else small.dtype.lower()
    for ending, kind in FORMATS.items():
        if any(name.endswith(ending) for name in tensors):
            return kind
    if any(
        name.removesuffix("scales") + "weight" in tensors for name in _ending(tensors, ".scales")
    ):
        return "MLX"
    whole = next((t for t in tensors.values() if _is_whole_weight(t)), None)
    if whole is not None:
        return f"whole numbers of type {whole.dtype}"
    scaled = (n for end in SCALES for n in _ending(tensors, end) if n.removesuffix(end) in tensors)
    return None if (name := next(scaled, None)) is None else f"{name} goes with a weight"


def _ending(tensors: Mapping[str, StoredTensor], ending: str) -> list[str]:
    return [name for name in tensors if name.endswith(ending)]


def _is_whole_weight(tensor: StoredTensor) -> bool:
    """Whether it is a weight in integers; a mask or positions, which files may have, are none."""
    return tensor.name.endswith(".weight") and tensor.dtype[0] in "IU"


def describe_adapter(config: Mapping[str, object]) -> str:
    """What adapter_config.json describes: `a LoRA adapter for some/base`."""
    kind, base = config.get("peft_type"), config.get("base_model_name_or_path")
    named = {"LORA": "LoRA", "IA3": "IA3"}.get(kind, kind) if isinstance(kind, str) else None
    what = f"a {named} adapter" if named else "an adapter"
    return f"{what} for {base}" if isinstance(base, str) and base else what
