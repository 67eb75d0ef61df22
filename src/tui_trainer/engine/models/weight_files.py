"""Which files of a folder hold a model's weights: .safetensors in that folder, and no others.

transformers opens a file of any other name with torch.load, which unpickles, and takes its names
from `model.safetensors.index.json` and from `config.json`: both come with the model.
"""

import re
from pathlib import Path

from tui_trainer.engine.models.model_files import (
    ADAPTER,
    CONFIG,
    INDEX,
    WEIGHTS,
    DamagedFileError,
    read_object,
)
from tui_trainer.engine.models.stored_formats import describe_adapter
from tui_trainer.errors import InputError

SAFETENSORS = ".safetensors"
# transformers takes a folder with one such file for a distributed checkpoint, whatever else it has.
SHARD = re.compile(r"shard-\d{5}-model-\d{5}-of-\d{5}\.safetensors")
NO_CONFIG = (
    "{} has no config.json, so it is no model: its tokenizer alone can be used on the Tokens "
    "screen."
)
NO_WEIGHTS = "{} has no .safetensors file: copy its weights beside config.json."
PICKLED = (
    "{} has pickled weights{}, which can run code when they are opened: save it again as "
    "safetensors and load that."
)


def find_weight_files(folder: Path, model: str) -> list[Path]:
    """The files that `from_pretrained` will open for the weights, and opens no others.

    Raises InputError where there are none or others are named, DamagedFileError where the index
    cannot be read.
    """
    whole = any((folder / name).is_file() for name in (WEIGHTS, INDEX))
    if (folder / ADAPTER).is_file() and not whole:
        adapter = describe_adapter(read_object(folder / ADAPTER))
        raise InputError(
            f"{model} is {adapter} and no model: merge it into its base model (peft's "
            "merge_and_unload), save what comes out and load it."
        )
    if not (folder / CONFIG).is_file():
        raise InputError(NO_CONFIG.format(model))
    _check_config_names_none(folder, model)
    if any(SHARD.fullmatch(path.name) for path in folder.iterdir()):
        raise InputError(
            f"{model} is a checkpoint of several processes, in shards: save it whole with "
            "save_pretrained and load that."
        )
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    if (folder / INDEX).is_file():
        return _indexed(folder, model)
    raise InputError(_nothing_to_load(folder, model))


def _check_config_names_none(folder: Path, model: str) -> None:
    """`transformers_weights` in config.json would be opened in the place of the usual files."""
    named = read_object(folder / CONFIG).get("transformers_weights")
    if named is not None:
        raise InputError(
            f"config.json of {model} has the weights in a file of another name ({named}): rename "
            "it to model.safetensors and delete transformers_weights."
        )


def _indexed(folder: Path, model: str) -> list[Path]:
    index = read_object(folder / INDEX)
    match index:
        case {"weight_map": dict(named), "metadata": dict()} if named and _all_text(named):
            return [_shard(folder, model, name) for name in sorted(set(named.values()))]
    raise DamagedFileError(f"{INDEX} has no weight_map with a file for each tensor, or no metadata")


def _all_text(named: dict[str, object]) -> bool:
    return all(isinstance(name, str) for name in named.values())


def _shard(folder: Path, model: str, name: str) -> Path:
    """The file that the index names so; a link in the folder is one, as the Hub cache has them."""
    if not name.endswith(SAFETENSORS):
        raise InputError(PICKLED.format(model, f" ({name} in {INDEX})"))
    if Path(name).name != name:
        raise InputError(
            f"{INDEX} of {model} names {name}, which is not in its folder: put the file there and "
            "name it alone."
        )
    if "\0" in name or not (folder / name).is_file():
        raise InputError(
            f"{model} lacks the file {name} of its weights, which {INDEX} names: copy or download "
            "it."
        )
    return folder / name


def _nothing_to_load(folder: Path, model: str) -> str:
    """What is there in the place of weights."""
    if any(folder.glob(f"*{SAFETENSORS}")):
        return (
            f"{model} has neither {WEIGHTS} nor {INDEX}, and which of its .safetensors files hold "
            f"its weights is not known: name the file {WEIGHTS}."
        )
    if any(path for end in ("bin", "pt", "pth", "ckpt") for path in folder.glob(f"*.{end}")):
        return PICKLED.format(model, " only")
    return NO_WEIGHTS.format(model)
