"""What is shown is old for as long as something newer is asked for: then it is dim."""

from collections.abc import Iterator
from contextlib import contextmanager

from textual.widget import Widget

WAITING = "-waiting"
DIM_AFTER = 0.08  # seconds: what comes sooner does not flicker
DIM_FOLLOWING = 1.0
"""Seconds, where nothing but the steps of a loop makes it old: each would be drawn three times."""


@contextmanager
def dimmed(*widgets: Widget, following: bool = False) -> Iterator[None]:
    """Show `widgets` dim while what they tell is asked for, unless that is there at once.

    `following`: it is asked for again by itself, while a loop trains, and not by a key.
    """

    def dim() -> None:
        for widget in widgets:
            widget.add_class(WAITING)

    timer = widgets[0].set_timer(DIM_FOLLOWING if following else DIM_AFTER, dim)
    try:
        yield
    finally:
        timer.stop()
        for widget in widgets:
            widget.remove_class(WAITING)
