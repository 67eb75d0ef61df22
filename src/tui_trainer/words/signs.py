"""The signs: what a colour means, said without it.

A `Sign` is a mark and the style that goes with it, a theme's variable (`themes.py`), so that
`Content.assemble(RIGHT, " saved")` draws it. A line of plain text takes its `mark` alone.
"""

from typing import NamedTuple

from tui_trainer.protocol.events import LoopState

BETTER, WORSE, ATTENTION = "$better", "$worse", "$attention"
CONTEXT, DATA = "$context", "$data"
"""What is beside the point, and what is a curve or a bar: of no sign."""


class Sign(NamedTuple):
    """A mark of one cell, and its meaning as a style; `""` where it has none of the four."""

    mark: str
    style: str

    def said(self, words: str) -> tuple[str, str]:
        """The mark with words after it, in its style: `RUNNING.said("running")`."""
        return f"{self.mark} {words}", self.style


RIGHT = Sign("✓", BETTER)
WRONG = Sign("✗", WORSE)
WARNING = Sign("▲", ATTENTION)
DIFFERS = Sign("*", ATTENTION)
"""Beside a setting that is not the preset's."""
SAME = Sign("=", "")

RUNNING = Sign("▶", BETTER)
PAUSED = Sign("⏸", ATTENTION)
FINISHED = Sign("■", "")
STOPPED = Sign("■", ATTENTION)
BROKEN = Sign("✗", WORSE)

STATES = {
    LoopState.RUNNING: RUNNING.said("running"),
    LoopState.PAUSED: PAUSED.said("paused"),
    LoopState.FINISHED: FINISHED.said("finished"),
    LoopState.STOPPED: STOPPED.said("stopped"),
    LoopState.FAILED: BROKEN.said("stopped by a failure"),
}
"""What a loop does, as a part of a `Content`."""


def change(before: float, after: float, *, falls_is_better: bool = True) -> Sign:
    """Which way a figure went, and whether that is good; of a p, `falls_is_better` is False.

    A figure that is no number any more (nan) went the worse way, whichever it is.
    """
    if after == before:
        return SAME
    if after != after:  # noqa: PLR0124 - nan alone is not what it is
        return WRONG
    fell = after < before
    return Sign("↓" if fell else "↑", BETTER if fell is falls_is_better else WORSE)
