"""Others on the machine, made up: what a look sees of them is what a test says."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

from tui_trainer.engine.threads import share
from tui_trainer.engine.threads.cores import Cores
from tui_trainer.engine.threads.load import Look


class Others:
    """What others take of two cores, from now on."""

    def __init__(self) -> None:
        self.taking = 0.0
        self._at = time.perf_counter()
        self._ours = self._busy = 0.0

    @property
    def threads(self) -> int:
        """How many compute now."""
        return torch.get_num_threads()

    def look(self, cores: Cores) -> Look:
        now = time.perf_counter()
        seconds, self._at = now - self._at, now
        ours = torch.get_num_threads() * seconds
        self._ours += ours
        self._busy += ours + self.taking * seconds
        return Look(now, self._ours, self._busy)


@contextmanager
def two_cores() -> Iterator[Others]:
    """A machine on which torch has two threads of itself and looks after each step."""
    others, before = Others(), torch.get_num_threads()
    with pytest.MonkeyPatch().context() as patched:
        patched.delenv("OMP_NUM_THREADS", raising=False)
        patched.delenv("MKL_NUM_THREADS", raising=False)
        patched.setattr(share, "OWN", 2)
        patched.setattr(share, "usable_cores", lambda *_: Cores(frozenset((0, 1))))
        patched.setattr(share, "look", others.look)
        patched.setattr(share, "LOOK_SECONDS", 0.0)
        patched.setattr(share, "LOOK_COST", 0.0)
        try:
            yield others
        finally:
            torch.set_num_threads(before)
