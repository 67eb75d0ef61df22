"""How far something is, as a line: heavy where it is done, thin where it is not."""

import math

from textual.content import Content

DONE, HALF, LEFT = "━", "╸", "─"


def progress_line(share: float, width: int) -> Content:
    """`width` cells, in halves; all of them are done at the end alone."""
    halves = math.floor(2 * width * max(0.0, min(share, 1.0)))
    done = DONE * (halves // 2) + HALF * (halves % 2)
    return Content.assemble((done, "$data"), (LEFT * (width - len(done)), "$line"))
