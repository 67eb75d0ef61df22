"""Begins an engine in a process of its own, which outlives whoever begins it."""

import fcntl
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from tui_trainer.link.connection import connect
from tui_trainer.link.place import path_of, place
from tui_trainer.logs import engine_log_path, new_log

WAITING = 16
"""Views that may stand in line while the process begins."""
SECONDS_TO_CONNECT = 0.2


def begin_engine(idle_minutes: float) -> tuple[str, "subprocess.Popen[bytes]"]:
    """Its name, and its process; it can be connected to at once. OSError, InputError where none
    can be begun."""
    with _one_at_a_time():
        name = free_name()
        listening = _listen(path_of(name))
    try:
        return name, _start(name, listening, idle_minutes)
    except OSError:
        path_of(name).unlink(missing_ok=True)
        raise
    finally:
        listening.close()


def free_name() -> str:
    """The lowest number that no engine has; what one has left behind is put away."""
    return next(str(n) for n in count(1) if not is_taken(path_of(str(n))))


def is_taken(path: Path) -> bool:
    """Whether an engine listens there; a socket that none listens to any more is removed."""
    if not path.exists():
        return False
    try:
        connect(path, SECONDS_TO_CONNECT).close()
    except (BlockingIOError, TimeoutError):  # it takes nobody in just now: it is stopped, or busy
        return True
    except ConnectionRefusedError:
        path.unlink(missing_ok=True)
        return False
    except FileNotFoundError:
        return False
    return True


def _listen(path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(path))
    listening.listen(WAITING)
    return listening


def _start(name: str, listening: socket.socket, idle_minutes: float) -> "subprocess.Popen[bytes]":
    """A session of its own: no terminal's end, and no key, is sent to it."""
    command = [
        *(sys.executable, "-m", "tui_trainer.link.engine_process"),
        *(name, str(listening.fileno()), str(idle_minutes)),
    ]
    log = new_log(engine_log_path(name))
    out = os.open(log or os.devnull, os.O_WRONLY | os.O_APPEND)
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            pass_fds=(listening.fileno(),),
            start_new_session=True,
        )
    finally:
        os.close(out)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two that begin at once take two names."""
    lock = os.open(place() / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        with suppress(OSError):  # no locks there: then both may find a name free, and one fails
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
