"""A loss curve as lines of text: plotext draws, the axes are chosen here."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from typing import TYPE_CHECKING

from tui_trainer.runs.loss_series import Bucket, LossSeries, merged
from tui_trainer.widgets.chart_marks import Mark, Plot, with_marks
from tui_trainer.words.numbers import nats

if TYPE_CHECKING:
    from plotext._plotter.plot import plot_class as Figure

EMPTY = "The loss chart begins with the first {x_label}."
SMALLEST_SIZE = 24, 4  # columns, rows; below it one number says more
LABEL_WIDTH = 7
ROWS_A_TICK, COLUMNS_A_TICK = 1.8, 13
# plotext's names: dots in a grid of 2 x 4 a cell, and quarters of a cell, which every font has.
DOTS, QUARTERS = "braille", "hd"
DIAMOND = "◆"
LARGEST = 1e100  # nothing that is a loss; keeps the arithmetic of the axis finite


@dataclass(frozen=True)
class AxisScale:
    """The ends of an axis and its ticks, in the units of the data."""

    low: float
    high: float
    ticks: tuple[float, ...]


def chart_lines(
    series: LossSeries,
    width: int,
    height: int,
    x_label: str,
    *,
    log: bool,
    smoothing: bool,
    validation: LossSeries | None = None,
    marks: Sequence[Mark] = (),
) -> list[str]:
    """The chart in at most `height` lines of `width` cells; a sentence where there is no curve.

    Raw losses are braille dots and their moving average a line of quarter blocks; without
    smoothing the raw losses are a line of braille dots. Losses of `validation` are diamonds.
    """
    raw = series.reduced(2 * width)  # a cell has two columns of dots
    if not raw:
        return ["", f" {_no_curve(series, x_label)}"]
    if width < SMALLEST_SIZE[0] or height < SMALLEST_SIZE[1]:
        return [f"loss {nats(series.last)}"]
    curve = merged(raw, -(-len(raw) // width)) if smoothing else []
    points = validation.reduced(width) if validation else []
    lines = _plot(raw, curve, points, marks, width, height - 1, log=log)
    gutter = x_label[:LABEL_WIDTH].rjust(LABEL_WIDTH)
    lines[-1] = gutter + lines[-1][LABEL_WIDTH:]
    one_each = all(bucket.first == bucket.last for bucket in raw)
    title = _title(series, x_label, log=log, smoothing=smoothing, one_each=one_each)
    if points:
        title += f"   {DIAMOND} validation"
    return [title[:width], *lines]


def _no_curve(series: LossSeries, x_label: str) -> str:
    if series.not_finite:
        return f"No loss so far was a finite number ({series.last})."
    return EMPTY.format(x_label=x_label)


def _title(series: LossSeries, x_label: str, *, log: bool, smoothing: bool, one_each: bool) -> str:
    """What the vertical axis is, and which mark is which."""
    title = " loss (nats), log axis" if log else " loss (nats)"
    if smoothing:
        dots = f"each {x_label}" if one_each else "lowest and highest"
        title += f"   ⠢⡈ {dots}   ▀▄ moving average"
    if series.not_finite:
        title += f"   {series.not_finite:,} not finite, not shown"
    return title


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


def _plot(
    raw: list[Bucket],
    curve: list[Bucket],
    measured: list[Bucket],
    marks: Sequence[Mark],
    width: int,
    height: int,
    *,
    log: bool,
) -> list[str]:
    every = [*raw, *measured]
    losses = [clamped(loss) for bucket in every for loss in (bucket.lowest, bucket.highest)]
    positive = min((loss for loss in losses if loss > 0), default=1.0)
    place: Callable[[float], float] = log_place(positive) if log else clamped
    y = loss_axis(losses, positive, max(2, round(height / ROWS_A_TICK)), log=log)
    ends = min(bucket.first for bucket in every), max(bucket.last for bucket in every)
    x = step_axis(*ends, max(2, width // COLUMNS_A_TICK))

    figure = empty_figure(width, height)
    points = [(bucket.middle, loss) for bucket in raw for loss in _ends(bucket)]
    dots = figure.signal([p[0] for p in points], [place(p[1]) for p in points], marker=DOTS)
    figure.draw(dots if curve else dots.lines())
    if curve:
        steps, averages = [b.last for b in curve], [place(b.smoothed) for b in curve]
        figure.draw(figure.signal(steps, averages, marker=QUARTERS).lines())
    if measured:
        points = [(bucket.middle, place(loss)) for bucket in measured for loss in _ends(bucket)]
        figure.draw(figure.signal([p[0] for p in points], [p[1] for p in points], marker=DIAMOND))
    labels = [tick_label(tick, y.ticks) for tick in y.ticks]
    figure.ruler("y").lim(place(y.low), place(y.high)).ticks([place(t) for t in y.ticks], labels)
    figure.ruler("x").lim(x.low, x.high).ticks(x.ticks, [f"{tick:,.0f}" for tick in x.ticks])
    text: str = figure.build().string(colorless=True)
    lines = text.rstrip("\n").splitlines()
    plot = Plot(x.low, x.high, LABEL_WIDTH + 1, width - 1)
    return [*with_marks(lines[:-2], marks, plot), *lines[-2:]]


def _ends(bucket: Bucket) -> tuple[float, ...]:
    """The one or two losses that stand for a bucket; both keep a spike."""
    if bucket.lowest == bucket.highest:
        return (bucket.lowest,)
    return bucket.highest, bucket.lowest


def clamped(loss: float) -> float:
    """A loss that the arithmetic of an axis can take."""
    return max(-LARGEST, min(LARGEST, loss))


def log_place(positive: float) -> Callable[[float], float]:
    """log10 of a loss; one of 0 lies where the smallest positive loss does."""
    return lambda loss: math.log10(max(positive, clamped(loss)))


def loss_axis(losses: Sequence[float], positive: float, ticks: int, *, log: bool) -> AxisScale:
    """An axis from one round number to another, so that it stands still while losses jump.

    `positive` is the smallest loss above 0, where a logarithmic axis begins at the latest.
    """
    low, high = min(losses), max(losses)
    if log:
        low, high = max(low, positive), max(high, positive)
        if high >= 10 * low:
            return _decades(low, high, ticks)
    if high - low < 1e-9 * max(abs(high), abs(low), 1.0):
        margin = max(abs(high) / 10, 1e-3)
        low, high = low - margin, high + margin
    axis = linear_axis(low, high, ticks)
    if log:
        above_zero = tuple(tick for tick in axis.ticks if tick > 0)
        return AxisScale(axis.low if axis.low > 0 else low, axis.high, above_zero)
    return axis


def linear_axis(low: float, high: float, ticks: int) -> AxisScale:
    """At most `ticks` ticks at multiples of 1, 2 or 5 times a power of ten.

    Its ends are at half a step: they move seldom, and little of the chart is left empty.
    """
    for step in round_steps((high - low) / (2 * ticks)):
        ends = math.floor(2 * low / step) * step / 2, math.ceil(2 * high / step) * step / 2
        numbers = _multiples(step, *ends)
        if len(numbers) <= ticks:
            break
    return AxisScale(*ends, numbers)


def round_steps(smallest: float) -> Iterator[float]:
    """1, 2, 5, 10, 20, 50 and so on times a power of ten, from about `smallest`."""
    for power in count(math.floor(math.log10(smallest))):
        yield from (float(f"{digit}e{power}") for digit in (1, 2, 5))


def _multiples(step: float, low: float, high: float) -> tuple[float, ...]:
    """The multiples of `step` from `low` to `high`, free of the noise of the last digits."""
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(float(f"{n * step:.12g}") for n in range(first, last + 1))


def _decades(low: float, high: float, ticks: int) -> AxisScale:
    """Powers of ten, with 2 and 5 of each where there is room; the ends are such numbers."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for digits in ((1, 2, 5), (1, 3), (1,)):
        numbers = [float(f"{d}e{power}") for power in range(first, last + 1) for d in digits]
        below = max(n for n in numbers if n <= low)
        above = min(n for n in numbers if n >= high)
        numbers = [n for n in numbers if below <= n <= above]
        if len(numbers) <= ticks:
            break
    stride = -(-len(numbers) // ticks)
    return AxisScale(below, above, tuple(numbers[::stride]))


def step_axis(first: float, last: float, ticks: int, *, whole: bool = True) -> AxisScale:
    """From the first step to the last, with ticks at round numbers, `whole` ones or not."""
    if first == last:
        return AxisScale(first - 0.5, last + 0.5, (first,))
    smallest = (last - first) / (2 * ticks)
    for step in round_steps(max(1.0, smallest) if whole else smallest):
        numbers = list(_multiples(step, first, last))
        if len(numbers) <= ticks:
            break
    if not numbers or numbers[0] - first >= step / 2:
        numbers.insert(0, first)
    return AxisScale(first, last, tuple(numbers))


def tick_label(tick: float, ticks: Sequence[float]) -> str:
    """A loss in `LABEL_WIDTH` characters, with the decimals that tell the ticks apart."""
    gap = min((abs(b - a) for a, b in pairwise(ticks)), default=abs(tick))
    decimals = max(0, -math.floor(math.log10(gap) + 1e-9)) if gap > 0 else 1
    plain = f"{tick:.{decimals}f}"
    return (plain if len(plain) <= LABEL_WIDTH else f"{tick:.0e}").rjust(LABEL_WIDTH)
