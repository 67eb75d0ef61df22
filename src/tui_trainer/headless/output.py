"""What a command writes on standard output: an object a line, or text for people.

Only this module writes there. Each line leaves at once, so that a reader at the other end of
a pipe sees a step when it was made, and a closed pipe is noticed at the next line.
"""

from collections.abc import Mapping
from typing import TextIO

from tui_trainer.json_lines import Json, json_line

__all__ = ["Json", "Output", "json_line"]


class Output:
    """Standard output as a command sees it; `as_json` says which of the two kinds it wants."""

    def __init__(self, stream: TextIO | None, *, as_json: bool) -> None:
        self._stream = stream
        self.as_json = as_json

    def json(self, line: Mapping[str, Json]) -> None:
        """Write one object on one line."""
        self._write(json_line(line))

    def text(self, line: str = "") -> None:
        """Write one line for people; whatever is not the program's own was made visible before."""
        self._write(line)

    def _write(self, line: str) -> None:
        # A process may be started with its standard output closed: then there is no stream.
        if self._stream is not None:
            print(line, file=self._stream, flush=True)
