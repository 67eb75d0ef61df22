"""Folders by the XDG Base Directory Specification: configuration, state, data. Imports little."""

import os
from pathlib import Path

OURS = "tui-trainer"


def xdg_folder(variable: str, usual: str) -> Path:
    """This program's folder in what a variable names, else in `usual` of the home.

    It may not be there yet. RuntimeError where whoever runs this has no home.
    """
    given = os.environ.get(variable, "")
    # By the specification a path that is not absolute counts as none.
    return (Path(given) if given.startswith("/") else Path.home() / usual) / OURS


def config_home() -> Path:
    """What a person writes."""
    return xdg_folder("XDG_CONFIG_HOME", ".config")


def state_home() -> Path:
    """What the program keeps from one start to the next, and can do without."""
    return xdg_folder("XDG_STATE_HOME", ".local/state")


def data_home() -> Path:
    """What a person would miss: runs, models."""
    return xdg_folder("XDG_DATA_HOME", ".local/share")


def from_home(path: Path) -> str:
    """The path as a shell takes it, `~/…` where it is in the home: shorter, and anybody's."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
