"""How a view comes to its engine: it begins one, or finds one that is there."""

import signal
import threading
from typing import TYPE_CHECKING

from tui_trainer.errors import InputError

if TYPE_CHECKING:  # the first frame does not wait for these
    import subprocess

    from tui_trainer.link.engine_link import EngineLink, Hears

SECONDS_TO_DIE = 1.0


class Attach:
    """To the engine of that name; to one that is begun for it, where it has none."""

    def __init__(self, name: str = "", *, idle_minutes: float = 10.0, looks: bool = True) -> None:
        """`idle_minutes`: after how many an engine ends that does nothing and has no view.

        What does not look at one that is there is no view of it: it asks, and hears nothing else.
        """
        self.name, self._idle_minutes, self._looks = name, idle_minutes, looks
        self.begins = not name
        """Whether the engine is this view's own: nothing is loaded yet."""
        self._process: subprocess.Popen[bytes] | None = None
        self._beginning = threading.Lock()
        self._is_given_up = False

    def link(self, hears: "Hears") -> "EngineLink":
        """Connect. InputError, OSError where there is no engine to be had."""
        from tui_trainer.link.finding import find, link_to  # noqa: PLC0415  # as said above
        from tui_trainer.link.launch import begin_engine  # noqa: PLC0415

        if self.begins:
            with self._beginning:
                if self._is_given_up:
                    raise InputError("It was given up before it began.")
                self.name, self._process = begin_engine(self._idle_minutes)
        else:
            self.name = find(self.name)
        return link_to(self.name, hears, looks=self._looks)

    def anew(self) -> "Attach":
        """To another engine, which is begun."""
        return Attach(idle_minutes=self._idle_minutes)

    def terminate(self) -> None:
        """Have an engine that was begun here end, also one that does not listen yet, or is being
        begun on another thread just now."""
        with self._beginning:
            self._is_given_up = True
            if self._process is not None:
                self._process.terminate()

    def why_ended(self) -> str:
        """What became of its process, as far as that can be known from here."""
        how = ""
        if self._process is not None:
            from subprocess import TimeoutExpired  # noqa: PLC0415

            try:
                status = self._process.wait(SECONDS_TO_DIE)
                how = f", by {signal.Signals(-status).name}" if status < 0 else ""
            except TimeoutExpired:
                how = ""
        return f"The engine's process has ended{how}."
