"""Models that a user kept: trained weights that belong to no run, each in a folder of its own."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tui_trainer.errors import InputError
from tui_trainer.runs.file_hashes import Damage, check_files
from tui_trainer.runs.json_files import read_json
from tui_trainer.xdg import data_home

SAVED_FILE = "saved.json"


@dataclass(frozen=True)
class SavedModel:
    """`saved.json`, beside the weights: where they come from."""

    model: str
    """The name of the model that was trained."""
    source: str
    """What `--model` took for it."""
    updates: int
    """How many updates the weights are away from those that were first loaded."""
    saved: str
    """Date and time with the offset from UTC, as ISO 8601 writes it."""
    files_sha256: dict[str, str] = field(default_factory=dict)
    """Of each other file, by its path in the folder; none in an older one."""
    format: int = 1


def models_home() -> Path:
    """Where the saved models are, each in a folder; it may not be there yet."""
    return data_home() / "models"


def find_saved(name: str) -> Path | None:
    """The folder of the saved model of that name; None where there is none."""
    folder = models_home() / name
    return folder if folder.name == name and is_saved(folder) else None


def is_saved(folder: Path) -> bool:
    return os.path.isfile(folder / SAVED_FILE)  # noqa: PTH113  # Path's raises for a long name


def read_saved(folder: Path) -> SavedModel:
    """What is known of a saved model; InputError where it is damaged."""
    return read_json(folder / SAVED_FILE, SavedModel)


def check_saved(folder: Path, wanted: Callable[[str], bool]) -> SavedModel:
    """The same, after a look at those of its files that are `wanted`."""
    saved = read_saved(folder)
    try:
        check_files(folder, saved.files_sha256, SAVED_FILE, wanted)
    except Damage as damage:
        raise InputError(
            f"The saved model {folder} is damaged ({damage}): choose another one."
        ) from damage
    return saved


def saved_models() -> list[tuple[Path, SavedModel]]:
    """The saved models that can be read, the newest first."""
    found = []
    for folder in _folders():
        try:
            found.append((folder, read_saved(folder)))
        except InputError:
            continue  # what is no saved model, or a damaged one, is not offered
    return sorted(found, key=lambda model: (model[1].saved, model[0].name), reverse=True)


def _folders() -> list[Path]:
    try:
        return list(models_home().iterdir())
    except OSError:  # nothing was saved yet, or may not be looked at
        return []
