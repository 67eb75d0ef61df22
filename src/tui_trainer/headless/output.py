"""What a command writes on standard output: an object a line, or text for people.

Only this module writes there. Each line leaves at once, so that a reader at the other end of
a pipe sees a step when it was made, and a closed pipe is noticed at the next line.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import TextIO

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]


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


def json_line(line: Mapping[str, Json]) -> str:
    """JSON in ASCII without control characters, safe in a terminal; NaN and infinities are null."""
    text = json.dumps(_finite(line), ensure_ascii=True, allow_nan=False)
    return text.replace("\x7f", "\\u007f")


def _finite(value: Json) -> Json:
    """JSON has no number for NaN and the infinities, which a diverged loss is."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_finite(item) for item in value]
    return value
