"""Results on disk, each a file of JSON lines: written whole or not at all, over no other one."""

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from tui_trainer.json_lines import Json, json_line
from tui_trainer.runs.regular_files import sync

SUFFIX = ".jsonl"


def keep_lines(home: Path, stem: str, lines: Iterable[Mapping[str, Json]]) -> Path:
    """Write `<stem>-<n>.jsonl` in a folder that is there, and have it on the disk; OSError where
    that fails, which leaves nothing.

    No file that is there is written over: not one that another process writes at the same moment.
    """
    text = "".join(f"{json_line(line)}\n" for line in lines)
    with tempfile.NamedTemporaryFile(
        "w", encoding="ascii", dir=home, prefix=".", suffix=".part", delete=False
    ) as file:
        beside = Path(file.name)
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            path = _place(beside, home, stem)
        finally:
            beside.unlink(missing_ok=True)
    sync(home)
    return path


def _place(beside: Path, home: Path, stem: str) -> Path:
    """Give the file the smallest number that is free."""
    number = 1
    while True:
        path = home / f"{stem}-{number}{SUFFIX}"
        try:
            os.link(beside, path)  # unlike a rename it never takes another's place
        except FileExistsError:
            number += 1
        except OSError:  # a file system without hard links
            if not path.exists():
                return beside.replace(path)
            number += 1
        else:
            return path


def kept_files(home: Path) -> list[Path]:
    """Those that were kept there, in no order; none where there is no such folder. OSError where
    it cannot be read."""
    try:
        return [path for path in home.iterdir() if _is_kept(path.name)]
    except FileNotFoundError:
        return []


def _is_kept(name: str) -> bool:
    return name.endswith(SUFFIX) and not name.startswith(".")
