"""Whether a run is being written: a lock where the file system has locks, a heartbeat everywhere.

Many network file systems have no `flock`, or one that other machines do not see.
"""

import fcntl
import os
import socket
import threading
import time
import weakref
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from tui_trainer.errors import InputError
from tui_trainer.runs.home import METRICS_FILE, WRITER_FILE
from tui_trainer.runs.json_files import read_json, write_json
from tui_trainer.runs.regular_files import open_regular

BEAT_SECONDS = 15.0
LOST_SECONDS = 90.0
"""Without a beat for so long a writer on another machine counts as gone; clocks may differ some."""
SAME_START_SECONDS = 2.0
"""The system tells when a process began in its own ticks, which a clock that is set may shift."""


@dataclass(frozen=True)
class RunningWriter:
    """`writer.json`, there while a run is written; its time of change is the last heartbeat."""

    host: str
    """Its name and, where the system tells it, which start of it: many are called localhost."""
    pid: int
    started: float
    """When the process began, in seconds since 1970: another one may have its number later."""
    locked: bool
    """Whether the metrics file is locked, too."""
    format: int = 1


def machine() -> str:
    """This machine, and on Linux since when it runs."""
    boot = ""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{socket.gethostname()} {boot}".strip()


class Presence:
    """Tells others that this process writes a run, until `end`."""

    def __init__(self, folder: Path, metrics: FileIO) -> None:
        locked = _lock(metrics)
        pid = os.getpid()
        writer = RunningWriter(machine(), pid, _began(pid) or 0.0, locked)
        write_json(folder / WRITER_FILE, writer)
        file = os.open(folder / WRITER_FILE, os.O_RDONLY | os.O_CLOEXEC)
        self._ended = threading.Event()
        weakref.finalize(self, self._ended.set)  # a writer that nobody ends is gone, too
        # A thread: a loop that is paused, or makes a step for minutes, is there all the same.
        beat = threading.Thread(target=_beat, args=(file, self._ended), name="beat", daemon=True)
        beat.start()

    def end(self, folder: Path | None) -> None:
        """Nobody writes it any more; `folder` is where the run is, None where it is gone."""
        self._ended.set()
        if folder is not None:
            with suppress(OSError):
                (folder / WRITER_FILE).unlink()


def _lock(metrics: FileIO) -> bool:
    """Whether the file could be locked; whoever can lock it then knows that nobody writes it."""
    try:
        fcntl.flock(metrics, fcntl.LOCK_EX)
    except OSError:  # ENOSYS, EOPNOTSUPP, ENOLCK: a file system without locks
        return False
    return True


def _beat(file: int, ended: threading.Event) -> None:
    """Touch an open file, wherever it is now, until the end."""
    try:
        while not ended.wait(BEAT_SECONDS):
            with suppress(OSError):
                os.utime(file)
    finally:
        os.close(file)


def is_of_this_machine(folder: Path) -> bool:
    """Whether the process that writes the run, or did so last, is one of this machine; True where
    nothing tells."""
    try:
        return read_json(folder / WRITER_FILE, RunningWriter).host == machine()
    except (InputError, OSError):
        return True


def is_written_here(folder: Path) -> bool:
    """Whether it is this process that writes the run."""
    try:
        writer = read_json(folder / WRITER_FILE, RunningWriter)
    except (InputError, OSError):
        return False
    return (writer.host, writer.pid) == (machine(), os.getpid())


def is_being_written(folder: Path) -> bool:
    """Whether a process, this one or another, on this machine or another, writes the run."""
    if _is_locked(folder / METRICS_FILE):
        return True
    try:
        writer = read_json(folder / WRITER_FILE, RunningWriter)
        beat = (folder / WRITER_FILE).stat().st_mtime
    except (InputError, OSError):
        return False
    if writer.host != machine():
        return abs(time.time() - beat) < LOST_SECONDS
    if writer.locked:  # and yet nobody holds the lock
        return False
    began = _began(writer.pid)
    return began is not None and abs(began - writer.started) < SAME_START_SECONDS


def _is_locked(metrics: Path) -> bool:
    try:
        with open_regular(metrics) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # no file yet, or a file system without locks
    return False


def _began(pid: int) -> float | None:
    """When a process of this machine began; None where there is none of that number."""
    import psutil  # noqa: PLC0415  # 20 ms, and most runs are locked or ended

    try:
        return float(psutil.Process(pid).create_time())
    except (psutil.Error, ValueError, OverflowError):
        return None
