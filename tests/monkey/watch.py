"""Ends a process whose app does not come back: then nothing in it can say so but a thread."""

import os
import threading
from collections import deque

from tests.monkey.actions import Action
from tests.monkey.play import BUSY_SECONDS, stacks

TOLD = 40
"""Actions that are printed, the last ones."""


class Watch:
    """Prints where every thread is, and what was last done, and ends the process."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._actions: deque[Action] = deque(maxlen=TOLD)
        self._silent = 0
        """Seconds since the last action, or the last key of one."""
        self._over = threading.Event()
        threading.Thread(target=self._look, name="watch", daemon=True).start()

    def beat(self, action: Action | None) -> None:
        self._silent = 0
        if action is not None:
            self._actions.append(action)

    def end(self) -> None:
        self._over.set()

    def _look(self) -> None:
        """Once a second that this process gets: a machine that was put to sleep is no fault."""
        while not self._over.wait(1.0):
            self._silent += 1
            if self._silent > 2 * BUSY_SECONDS:
                steps = "\n".join(map(str, self._actions))
                said = f"seed {self._seed}: the app does not come back\n{stacks()}\n{steps}\n"
                os.write(1, said.encode())  # Textual has what is printed
                os._exit(1)
