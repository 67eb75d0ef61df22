"""One JSON object on one line: what a command prints and what a run's metrics file holds."""

import json
import math
from collections.abc import Mapping, Sequence

LARGEST_WHOLE = 2**53
"""The largest whole number that every reader of JSON has in full."""
Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]


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
