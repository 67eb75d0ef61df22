"""The files in a model's folder, before a library opens one: each is a file, and of a likely size.

A library would wait for ever at a pipe, read a device to its end, and tell neither from damage.
"""

import json
import stat
from pathlib import Path

from tui_trainer.errors import InputError

CONFIG, GENERATION, ADAPTER = "config.json", "generation_config.json", "adapter_config.json"
INDEX, WEIGHTS = "model.safetensors.index.json", "model.safetensors"
READ = frozenset({".json", ".txt", ".model", ".jinja", ".py", ".safetensors"})
"""How the names of what transformers reads in a folder end."""
MIB = 1 << 20
LARGEST = {CONFIG: 16 * MIB, INDEX: 64 * MIB, "tokenizer.json": 512 * MIB}
"""Some ten times the largest on the Hub: 1.5 MB (21,000 labels), 13 MB, 35 MB."""
LARGEST_OTHER = 256 * MIB
"""Of any other file that is read whole, such as a vocabulary."""


class DamagedFileError(ValueError):
    """A file is not what its name says; the message is the reason alone, with the file's name."""


def check_files(folder: Path, model: str) -> None:
    """Raise InputError where something in `folder` that would be read cannot be.

    A link is as good as what it leads to: the Hub cache is made of them.
    """
    for path in _read_files(folder):
        if not path.is_file():
            raise InputError(
                f"{path.name} of {model} is {_kind(path)} and not a file: put the file itself into "
                "the folder."
            )
        largest = LARGEST.get(path.name, LARGEST_OTHER)
        if path.suffix != ".safetensors" and (size := path.stat().st_size) > largest:
            raise InputError(
                f"{path.name} of {model} has {size:,} bytes, and {largest:,} is the most that is "
                "read: put the right file there."
            )


def _read_files(folder: Path) -> list[Path]:
    beside = folder / "additional_chat_templates"
    folders = [folder, beside] if beside.is_dir() else [folder]
    return [path for one in folders for path in sorted(one.iterdir()) if path.suffix in READ]


def _kind(path: Path) -> str:
    try:
        mode = path.stat().st_mode
    except OSError:
        return "a link that leads nowhere"
    if stat.S_ISDIR(mode):
        return "a folder"
    return "a pipe" if stat.S_ISFIFO(mode) else "a device or a socket"


def read_object(path: Path) -> dict[str, object]:
    """The JSON object in a file; DamagedFileError where it holds something else."""
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise DamagedFileError(f"{path.name} is not UTF-8 text") from None
    except RecursionError:
        raise DamagedFileError(f"{path.name} is nested too deep") from None
    except ValueError as error:
        said = getattr(error, "msg", "a number too long")
        raise DamagedFileError(f"{path.name} is not JSON: {said}") from None
    if not isinstance(read, dict):
        raise DamagedFileError(f"{path.name} holds no JSON object")
    return read


def find_damage(folder: Path) -> str | None:
    """What is wrong with the first of a folder's .json files that is no JSON object, if one is."""
    for path in sorted(folder.glob("*.json")):
        try:
            read_object(path)
        except DamagedFileError as damage:
            return str(damage)
    return None
