"""Where the sockets of this user's engines are: a folder that nobody else can enter."""

import os
import socket
import stat
import struct
import tempfile
from pathlib import Path

from tui_trainer.errors import InputError
from tui_trainer.xdg import OURS

SUFFIX = ".socket"
LONGEST_PATH = 100
"""Bytes: of a socket's path the system takes 107, and a name is short."""
CREDENTIALS = struct.Struct("3i")  # process, user, group


def place() -> Path:
    """The folder, which is made where it is not there. InputError where it cannot be ours alone."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    folder = Path(runtime) / OURS
    if not runtime.startswith("/") or len(os.fsencode(folder)) > LONGEST_PATH - 10:
        folder = Path(tempfile.gettempdir()) / f"{OURS}-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise InputError(f"{folder} cannot be made: {error.strerror or error}.") from error
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    if not is_ours or stat.S_IMODE(found.st_mode) & 0o077:
        raise InputError(
            f"{folder} is not a folder that is yours alone: have it removed, or set "
            "XDG_RUNTIME_DIR to one that is."
        )
    return folder


def sockets() -> list[Path]:
    """Those of all engines that were begun and not ended in order, by name."""
    return sorted(place().glob(f"*{SUFFIX}"), key=lambda path: (len(path.name), path.name))


def path_of(name: str) -> Path:
    return place() / f"{name}{SUFFIX}"


def is_from_this_user(stream: socket.socket) -> bool:
    """Whether the process at the other end belongs to whoever runs this one, or to root."""
    if not hasattr(socket, "SO_PEERCRED"):  # elsewhere the folder's mode alone says so
        return True
    data = stream.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    _, user, _ = CREDENTIALS.unpack(data)
    return bool(user in (os.getuid(), 0))


def process_of(stream: socket.socket) -> int:
    """The process at the other end."""
    data = stream.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    return int(CREDENTIALS.unpack(data)[0])
