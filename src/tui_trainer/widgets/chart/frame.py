"""The axes of a chart, with their ticks and labels: plotext draws them.

The dots are the chart's own (`canvas.py`). plotext 6.1 draws a curve well, but a chart of 118 x 20
with a curve before another took 10.6 ms of one core, one of 38 x 8 took 3.5 (EPYC, medians of 15):
a wall of six some 25, and more where there is room for a large one. What it returns is text, in
which nobody can tell whose a dot is: the crosshair, a letter on a curve and a curve that is drawn
before another need that. The frame alone takes it 1 to 2.5 ms, and is kept while no axis moves.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

from tui_trainer.widgets.chart.axes import AxisScale

if TYPE_CHECKING:
    from plotext._plotter.plot import plot_class as Figure

FRAMES_KEPT = 64


def empty_figure(width: int, height: int) -> "Figure":
    """A figure of plotext's with a left and a lower axis, and no colours.

    It is one of its own: plotext's shared one is the size of the terminal at most, and what one
    chart sets would stay for the next.
    """
    import plotext  # noqa: PLC0415  # takes 0.1 s, which the first frame need not wait for

    figure = type(plotext.figure)(type(plotext.terminal)().limit(False, False))
    figure.plot_size(width, height).theme("colorless")
    figure.axes(False, axis="x", side="upper").axes(False, axis="y", side="right")
    return figure


@lru_cache(FRAMES_KEPT)
def frame(
    width: int,
    height: int,
    x: AxisScale,
    x_labels: tuple[str, ...],
    y: AxisScale,
    y_labels: tuple[str, ...],
) -> tuple[str, ...]:
    """`height` lines of `width` cells; `y` is in the units of the axis, logarithms too."""
    figure = empty_figure(width, height)
    corner = figure.signal([x.low], [y.low], marker=" ")  # without any there are no axes
    figure.draw(corner)
    figure.ruler("y").lim(y.low, y.high).ticks(y.ticks, y_labels)
    figure.ruler("x").lim(x.low, x.high).ticks(x.ticks, x_labels)
    text: str = figure.build().string(colorless=True)
    return tuple(line.ljust(width) for line in text.rstrip("\n").splitlines())
