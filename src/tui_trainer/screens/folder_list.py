"""What is listed of a folder on disk, and listed anew where that may have changed."""

import asyncio
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Generic, TypeVar

from tui_trainer.errors import InputError
from tui_trainer.runs.home import changed_at
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.session.disk import in_thread

Row = TypeVar("Row")

LIST_SECONDS = 2.0
"""How often the folder is looked at."""
LIST_SHARE = 20
"""The list rests at least so many times as long as it took: there may be thousands."""


class FolderList(Generic[Row]):
    """Reads the list in a thread whenever it is asked for, one reading at a time.

    Another process may make and delete what is listed: while the screen can be seen, a folder that
    has changed is read again.
    """

    def __init__(
        self,
        screen: WorkScreen,
        home: Callable[[], Path],
        read: Callable[[], Iterable[Row]],
        show: Callable[[tuple[Row, ...], str], None],
        *,
        moves: Callable[[], bool] = lambda: False,
    ) -> None:
        """`read` lists what is in `home`; `show` gets that, or why it cannot be read.

        `moves` says whether something listed changes though its folder does not.
        """
        self._screen = screen
        self._home, self._read, self._show, self._moves = home, read, show, moves
        self._is_due = False
        """Whether it was asked for since it was read last."""
        self._reading = asyncio.Lock()
        self._listed_at = 0
        """As `changed_at` has it of the folder that was read last."""
        self._rests_until = 0.0

    def follow(self) -> None:
        """From when the screen is there: list, and list again."""
        self._screen.set_interval(LIST_SECONDS, self._look)
        self.anew()

    def anew(self) -> None:
        """It may have changed."""
        self._is_due = True
        if not self._reading.locked():  # else it is read once more
            self._screen.run_worker(self._read_anew())

    def _look(self) -> None:
        has_changed = changed_at(self._home()) != self._listed_at or self._moves()
        if has_changed and self._screen.is_current and time.monotonic() > self._rests_until:
            self.anew()

    async def _read_anew(self) -> None:
        async with self._reading:
            while self._is_due:
                self._is_due = False
                began = time.monotonic()
                self._listed_at = changed_at(self._home())
                try:
                    listed = await in_thread(self._read)
                except InputError as error:
                    self._show((), str(error))
                else:
                    self._show(tuple(listed), "")
                now = time.monotonic()
                self._rests_until = now + LIST_SHARE * (now - began)
