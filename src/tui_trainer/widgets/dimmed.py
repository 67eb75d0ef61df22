"""What is shown is old for as long as something newer is asked for: then it is dim."""

from collections.abc import Iterator
from contextlib import contextmanager

from textual.widget import Widget

WAITING = "-waiting"
DIM_AFTER = 0.08  # seconds: what comes sooner does not flicker


@contextmanager
def dimmed(*widgets: Widget) -> Iterator[None]:
    """Show `widgets` dim while what they tell is asked for, unless that is there at once."""

    def dim() -> None:
        for widget in widgets:
            widget.add_class(WAITING)

    timer = widgets[0].set_timer(DIM_AFTER, dim)
    try:
        yield
    finally:
        timer.stop()
        for widget in widgets:
            widget.remove_class(WAITING)
