"""What was done of the guide, kept from one session to the next: a line of JSON for each tick.

Lines are only ever appended, so that two processes at once lose none of each other's.
"""

import os
from collections.abc import Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import msgspec

from tui_trainer.json_lines import json_line
from tui_trainer.runs.private_files import FILE_MODE, private_folder
from tui_trainer.session.disk import begin_in_thread, in_thread
from tui_trainer.xdg import data_home

MOST_BYTES = 65_536  # of the file that are read, the last ones: a line has some 20
NO_PLACE = OSError, RuntimeError  # RuntimeError: whoever runs this has no home


def ticks_file() -> Path:
    """Where the ticks are; it may not be there yet."""
    return data_home() / "guide.jsonl"


def kept_ticks() -> set[str]:
    """The names of the tasks that were done; what cannot be read counts as none."""
    lines: list[bytes] = []
    with suppress(*NO_PLACE), _opened(os.O_RDONLY) as file:
        os.lseek(file, max(0, os.fstat(file).st_size - MOST_BYTES), os.SEEK_SET)
        lines = os.read(file, MOST_BYTES).splitlines()
    return {name for line in lines if (name := _name(line)) is not None}


class _Tick(msgspec.Struct):
    done: str


def _name(line: bytes) -> str | None:
    try:
        return msgspec.json.decode(line, type=_Tick).done
    except (ValueError, RecursionError):
        return None


def keep_tick(name: str) -> None:
    """Append a task; where nothing can be written the tick is this session's alone."""
    line = f"\n{json_line({'done': name})}\n".encode()  # whatever the last line looks like
    with suppress(*NO_PLACE):
        private_folder(ticks_file().parent)
        with _opened(os.O_WRONLY | os.O_APPEND | os.O_CREAT) as file:
            os.write(file, line)


class Ticks:
    """Reads and appends them away from the UI's thread: a home on a network may not answer."""

    def __init__(self) -> None:
        self._appended: list[Future[None]] = []

    async def read(self) -> set[str]:
        return await in_thread(kept_ticks)

    def append(self, name: str) -> None:
        self._appended.append(begin_in_thread(partial(keep_tick, name)))

    def wait(self, seconds: float) -> None:
        """Until all is appended, or for so long: at the end of the process their threads end."""
        wait(self._appended, seconds)


@contextmanager
def _opened(flags: int) -> Iterator[int]:
    # Nobody waits for the other end of what turns out to be a pipe.
    file = os.open(ticks_file(), flags | os.O_NONBLOCK, FILE_MODE)
    try:
        yield file
    finally:
        os.close(file)
