"""What `from_pretrained` took from the files of a model and what not, and whether it is numbers."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from transformers import PreTrainedModel

from tui_trainer.engine.models.model_files import ADAPTER, CONFIG, read_object
from tui_trainer.engine.models.stored_formats import describe_adapter
from tui_trainer.engine.weights import Weights
from tui_trainer.errors import InputError

LAYER = re.compile(r"\.(\d+)\.")
TOGETHER = "take all files from one save of the model"


@dataclass(frozen=True)
class LoadingInfo:
    """What `from_pretrained` gives with `output_loading_info`."""

    missing_keys: Collection[str]
    unexpected_keys: Collection[str]
    mismatched_keys: Collection[tuple[str, Sequence[int], Sequence[int]]]
    error_msgs: Sequence[str]


def check_complete(info: LoadingInfo, model: str, described_in: str) -> None:
    """Raise InputError where a weight is not in the files, or has another shape there.

    `described_in` is the file that the config was read from.
    """
    if info.mismatched_keys:
        name, stored, wanted = sorted(info.mismatched_keys)[0]
        raise InputError(
            f"The weights of {model} do not fit {described_in} ({name} is {_shape(stored)}, and "
            f"{_shape(wanted)} is what it describes): {TOGETHER}."
        )
    if not info.missing_keys:
        return
    lacking = f"lack {len(info.missing_keys):,} tensors ({min(info.missing_keys)} is one)"
    if info.unexpected_keys:
        lacking += f" and have others ({min(info.unexpected_keys)} is one)"
    raise InputError(f"The weights of {model} {lacking} that {described_in} asks for: {TOGETHER}.")


def _shape(sizes: Sequence[int]) -> str:
    return str(list(sizes))


def notes_on_loading(
    folder: Path | None, name: str, model: PreTrainedModel, info: LoadingInfo
) -> Iterator[str]:
    """A sentence for each thing in a model's files that the model does not have.

    `folder` is None for a GGUF file.
    """
    if folder is not None:
        yield from _notes_on_folder(folder, name)
    if info.unexpected_keys:
        yield _unused(info.unexpected_keys, name, model)
    if broken := list(Weights(model).not_finite()):
        yield (
            f"The weights of {name} are not all numbers ({broken[0]} is one of {len(broken):,} "
            "such tensors): what it predicts means nothing, and it cannot be trained."
        )


def _notes_on_folder(folder: Path, name: str) -> Iterator[str]:
    if (folder / ADAPTER).is_file():
        adapter = describe_adapter(read_object(folder / ADAPTER))
        yield f"Beside the weights of {name} lies {adapter}, which is not applied."
    config = read_object(folder / CONFIG)
    asked = config.get("_attn_implementation", config.get("attn_implementation"))
    if asked is not None and asked not in ("eager", "sdpa"):
        what = "FlashAttention" if "flash" in str(asked) else "an attention of its own"
        yield (
            f"The config of {name} asks for {what} ({asked}), which is not used: attention is "
            "torch's own here, with the same result."
        )


def _unused(unexpected: Collection[str], name: str, model: PreTrainedModel) -> str:
    layers = getattr(model.config.get_text_config(), "num_hidden_layers", None)
    further = [int(found[1]) for key in unexpected if (found := LAYER.search(key))]
    if layers is not None and further and min(further) >= layers:
        return (
            f"The config of {name} has {layers:,} of the {max(further) + 1:,} layers that its "
            "files hold: the others are not used."
        )
    return (
        f"The files of {name} hold tensors that {type(model).__name__} has no place for "
        f"({len(unexpected):,}, with {min(unexpected)}): they are not used."
    )
