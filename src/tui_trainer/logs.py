"""Where log records go while the app owns the screen."""

import logging
import os
from pathlib import Path

from tui_trainer.runs.private_files import create_file, private_folder


def log_path() -> Path:
    """The log file, under the XDG state folder."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "tui-trainer" / "log"


def log_to_file() -> None:
    """Send log records and Python warnings to the log file: on stderr they draw over the app."""
    handler: logging.Handler = logging.NullHandler()
    path = log_path()
    try:
        private_folder(path.parent)
        create_file(path).close()
        handler = logging.FileHandler(path, mode="w", encoding="utf-8", errors="backslashreplace")
    except OSError:
        pass  # a read-only home: the app works without a log
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.captureWarnings(True)
