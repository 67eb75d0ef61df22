"""A checkpoint that a process has as its model: a run that keeps few of its own leaves that one."""

import fcntl
import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tui_trainer.runs.open_folder import is_same
from tui_trainer.runs.training_facts import TRAINING_FILE

HELD = "another process, or this one, has it as its model"
NO_LOCKS = "its file system has no locks that would tell who has it as a model"


class Held:
    """What `hold` gives: the checkpoint stays for as long as this is held, or the process lives."""

    def __init__(self, descriptor: int) -> None:
        weakref.finalize(self, os.close, descriptor)


def hold(checkpoint: Path) -> Held | None:
    """Keep a checkpoint from being deleted by its run; None where the folder is none.

    Without locks there is nothing to do: then no run deletes any.
    """
    try:
        descriptor = os.open(checkpoint / TRAINING_FILE, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # whoever reads it says why it cannot be read
        return None
    held = Held(descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        # One that was deleted between the two is no checkpoint any more.
        return held if is_same(checkpoint / TRAINING_FILE, descriptor) else None
    except OSError:
        return None


class StaysError(Exception):
    """Why a checkpoint is not deleted, in words that stand behind its name."""


@contextmanager
def held_by_nobody(checkpoint: int) -> Iterator[None]:
    """Inside the block nobody begins to hold the checkpoint that is open; StaysError where somebody
    holds it, or that cannot be told."""
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(TRAINING_FILE, flags, dir_fd=checkpoint)  # NFS locks what may be written
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StaysError(HELD) from None
        except OSError:
            raise StaysError(NO_LOCKS) from None
        yield
    finally:
        os.close(descriptor)
