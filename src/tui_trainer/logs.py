"""Where log records go while the app owns the screen."""

import logging
from pathlib import Path

from tui_trainer.runs.private_files import create_file, private_folder
from tui_trainer.xdg import state_home


def log_path() -> Path:
    """The log file, under the XDG state folder."""
    return state_home() / "log"


def engine_log_path(name: str) -> Path:
    """Where the records of an engine's process are, and what its libraries print."""
    return state_home() / f"engine-{name}.log"


def log_to_file() -> Path | None:
    """Send log records and Python warnings to a new log file: on stderr they draw over the app.

    Returns it; None where there is none, as in a home that cannot be written.
    """
    path = new_log(log_path())
    append_to_log(path)
    return path


def append_to_log(path: Path | None) -> None:
    """Send them there; nowhere without one."""
    # Appended to: what goes past Python to standard error is written to it as well.
    handler = (
        logging.FileHandler(path, mode="a", encoding="utf-8", errors="backslashreplace")
        if path
        else logging.NullHandler()
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.captureWarnings(True)


def new_log(path: Path) -> Path | None:
    """An empty file there; None where it cannot be made."""
    try:
        private_folder(path.parent)
        create_file(path).close()
    except OSError:  # a read-only home: the program works without a log
        return None
    return path
