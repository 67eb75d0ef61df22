"""What the app keeps from one start to the next: the theme, and the model that was loaded last.

In a file of the program's own: what a person writes, config.toml, is never rewritten. It is for the
app alone; a command does the same whatever was looked at before it.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tui_trainer.runs.home import given_path
from tui_trainer.runs.json_files import UNREADABLE, from_object, parse_object, write_json
from tui_trainer.runs.private_files import private_folder
from tui_trainer.runs.regular_files import read_text
from tui_trainer.xdg import state_home

NO_PLACE = OSError, RuntimeError  # RuntimeError: whoever runs this has no home


@dataclass(frozen=True)
class Kept:
    """What was chosen last; None where nothing was."""

    theme: str | None = None
    model: str | None = None
    """As `--model` takes it; what is a path, from the root on."""


def kept_file() -> Path:
    """Where it is; it may not be there yet."""
    return state_home() / "kept.json"


def read_kept() -> Kept:
    """What was kept; what cannot be read counts as nothing."""
    with suppress(*NO_PLACE, *UNREADABLE):
        return from_object(parse_object(read_text(kept_file())), Kept)
    return Kept()


def write_kept(file: Path, kept: Kept) -> None:
    """Whole or not at all; where nothing can be written it is this session's alone."""
    with suppress(*NO_PLACE):
        private_folder(file.parent)
        write_json(file, kept)


def anywhere(source: str) -> str:
    """A model's source that means the same in any folder."""
    path = given_path(source)
    with suppress(OSError):
        if path.exists():
            return os.path.abspath(path)  # noqa: PTH100  # a link stays one
    return source
