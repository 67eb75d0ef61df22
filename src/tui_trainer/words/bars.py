"""Bars and small curves of text: one character a cell, told apart by shape."""

import math
from collections.abc import Sequence

FULL, EMPTY = "▰", "▱"
HEIGHTS = "▁▂▃▄▅▆▇"
"""Not the whole cell: the curves of rows below one another would be one."""
GAP = " "  # a value that is no number
EIGHTHS = "", *"▏▎▍▌▋▊▉"
"""Of a cell, from the left."""


def full_cells(share: float, cells: int) -> int:
    """How many of `cells` are full; none where the share is no number."""
    return 0 if math.isnan(share) else round(max(0.0, min(share, 1.0)) * cells)


def bar(share: float, cells: int) -> str:
    """Of `cells` cells at a share of 1, to an eighth of a cell; none where it is no number."""
    whole, eighths = divmod(round(8 * cells * min(share, 1.0)) if share >= 0 else 0, 8)
    return "█" * whole + EIGHTHS[eighths]


def sparkline(values: Sequence[float], cells: int) -> str:
    """The last `cells` values, each a bar from 0 on; the highest finite one is full."""
    last = values[-cells:] if cells > 0 else ()
    highest = max((value for value in last if math.isfinite(value)), default=0.0)
    return "".join(_height(value, highest) for value in last)


def _height(value: float, highest: float) -> str:
    if not math.isfinite(value):
        return GAP
    share = max(0.0, value) / highest if highest > 0 else 0.0
    return HEIGHTS[round(share * (len(HEIGHTS) - 1))]
