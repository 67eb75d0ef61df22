"""A terminal behind a slow link: what its link carries, and when each byte of it is there.

What `tc netem` would make of a network device, for kernels without it: the app, or tmux around it,
writes as fast as it likes, and each byte is there when the link has carried all before it.
That is reckoned rather than waited for: a relay would need a core of its own beside the app's.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from tests.terminal.terminal import KEYS, Terminal

TMUX_SETTINGS = "set -g status off; set -sg escape-time 10; set -g default-terminal tmux-256color"


@dataclass
class Link:
    """Bytes one after another, each `delay` seconds on its way."""

    delay: float = 0.02
    """Seconds each way."""
    rate: float = 1e6 / 8
    """Bytes a second."""
    is_free: float = 0.0
    """When all that was sent so far has left, by `time.perf_counter`."""

    def arrives(self, sent: float, size: int) -> float:
        """When the last of `size` bytes that are sent then is there."""
        self.is_free = max(self.is_free, sent) + size / self.rate
        return self.is_free + self.delay


@dataclass(frozen=True)
class Repaint:
    """What a key brought: how long until its last byte was there, and how many bytes."""

    seconds: float
    size: int


class FarTerminal(Terminal):
    """The app at the other end of `link`; `in_tmux`, it is there too, and what tmux redraws is
    what crosses."""

    def __init__(
        self,
        *arguments: str,
        state: Path,
        columns: int = 80,
        rows: int = 24,
        in_tmux: bool = False,
        link: Link | None = None,
    ) -> None:
        self.link = link or Link()
        self.arrived: list[tuple[float, int]] = []
        """When each piece was there, and its bytes."""
        self._socket = f"link-{uuid4().hex[:8]}"
        self._in_tmux = in_tmux
        command: Sequence[str] = (sys.executable, "-m", "tui_trainer")
        if in_tmux:
            settings = state / "tmux.conf"
            settings.write_text(TMUX_SETTINGS.replace("; ", "\n"))
            tmux = shutil.which("tmux") or "tmux"
            command = (tmux, "-L", self._socket, "-f", str(settings), "new-session", *command)
        super().__init__(
            *arguments, state=state, columns=columns, rows=rows, threads=None, command=command
        )

    def read(self, timeout: float = 0.1) -> None:
        before = len(self.written)
        super().read(timeout)
        if (size := len(self.written[before:].encode())) > 0:
            self.arrived.append((self.link.arrives(time.perf_counter(), size), size))

    def carried(self, seconds: float) -> int:
        """The bytes that cross to the terminal in so long."""
        first, until = len(self.arrived), time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            self.read(min(left, 0.05))
        return sum(size for _, size in self.arrived[first:])

    def press_far(
        self, key: str, shows: Callable[[str], object], *, quiet: float = 0.04
    ) -> Repaint:
        """Press a key here, and wait for all that it changes: `shows` holds, and then nothing more
        comes for `quiet` seconds."""
        first, began = len(self.arrived), time.perf_counter()
        time.sleep(self.link.delay)
        self.child.send(KEYS.get(key, key))
        last = time.perf_counter()
        while not shows(self.shown) or time.perf_counter() - last < quiet:
            count = len(self.arrived)
            self.read(0.005)
            if len(self.arrived) > count:
                last = time.perf_counter()
            assert time.perf_counter() - began < 20, f"{key!r} brought nothing:\n{self.shown}"
        brought = self.arrived[first:]
        size = sum(size for _, size in brought)
        return Repaint((brought[-1][0] if brought else last) - began, size)

    def close(self) -> None:
        super().close()
        if self._in_tmux:
            subprocess.run(["tmux", "-L", self._socket, "kill-server"], check=False)
