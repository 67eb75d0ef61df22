"""The curve of -log p with two points on it, as lines of text: plotext draws."""

import math
from dataclasses import dataclass

from tui_trainer.widgets.loss_plot import (
    COLUMNS_A_TICK,
    DOTS,
    LABEL_WIDTH,
    ROWS_A_TICK,
    SMALLEST_SIZE,
    AxisScale,
    empty_figure,
    linear_axis,
    tick_label,
)

POINT, GUESS = "●", "○"
LOWEST_TOP = 5.0  # nats: the curve's bend is in view whatever the loss
SAMPLES = 400
DECADE = math.log(10)  # nats


@dataclass(frozen=True)
class CurvePoint:
    """A loss in nats, and that of a guess among all classes; each stands at p = exp(-loss)."""

    loss: float
    guess: float


def curve_lines(point: CurvePoint, width: int, height: int, *, log: bool) -> list[str]:
    """The curve in at most `height` lines of `width` cells; p on a logarithmic axis with `log`.

    None where there is no room for one.
    """
    if width < SMALLEST_SIZE[0] or height < SMALLEST_SIZE[1]:
        return []
    lines = _plot(point, width, height, log=log).splitlines()
    gutter = ("p, log" if log else "p").rjust(LABEL_WIDTH)
    lines[-1] = gutter + lines[-1][LABEL_WIDTH:]
    return lines


def _plot(point: CurvePoint, width: int, height: int, *, log: bool) -> str:
    top = max(LOWEST_TOP, 1.05 * point.loss, 1.05 * point.guess)
    y = linear_axis(0.0, top, max(2, round(height / ROWS_A_TICK)))
    x = _decades(top, max(2, width // COLUMNS_A_TICK)) if log else PROBABILITIES
    figure = empty_figure(width, height)
    losses = _losses(y.high, log=log)
    places = [place(loss, log=log) for loss in losses]
    figure.draw(figure.signal(places, losses, marker=DOTS).lines())
    for loss, mark in ((point.guess, GUESS), (point.loss, POINT)):
        figure.draw(figure.signal([place(loss, log=log)], [loss], marker=mark))
    labels = [tick_label(tick, y.ticks) for tick in y.ticks]
    figure.ruler("y").lim(0.0, y.high).ticks(y.ticks, labels)
    figure.ruler("x").lim(x.low, x.high).ticks(x.ticks, [_label(t, log=log) for t in x.ticks])
    text: str = figure.build().string(colorless=True)
    return text.rstrip("\n")


def place(loss: float, *, log: bool) -> float:
    """Where a loss stands on the horizontal axis: at its probability, or at log10 of that.

    Taken from the loss, since the probability itself may have rounded to 0.
    """
    return -loss / DECADE if log else math.exp(-loss)


def _losses(top: float, *, log: bool) -> list[float]:
    """Enough points of the curve to draw it smoothly, whichever way it runs."""
    rising = [top * n / SAMPLES for n in range(SAMPLES + 1)]
    if log:
        return rising
    # Where the curve is flat its points must be even in p, where it is steep even in the loss.
    even = [-math.log(n / SAMPLES) for n in range(1, SAMPLES + 1)]
    return sorted({loss for loss in rising + even if loss <= top})


PROBABILITIES = AxisScale(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0))


def _decades(top: float, ticks: int) -> AxisScale:
    """log10 p from that of the largest loss to 0, with ticks at whole powers of ten."""
    lowest = math.ceil(top / DECADE)
    stride = -(-lowest // ticks)
    return AxisScale(-lowest, 0.0, tuple(float(-power) for power in range(0, lowest + 1, stride)))


def _label(tick: float, *, log: bool) -> str:
    if not log:
        return f"{tick:g}"
    return "1" if tick == 0 else f"1e{tick:.0f}"
