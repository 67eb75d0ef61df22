"""Where an axis ends and has its ticks: at round numbers that seldom move. Pure arithmetic."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, pairwise

from tui_trainer.words.numbers import exponential, short_count

LABEL_WIDTH = 7
ROWS_A_TICK, COLUMNS_A_TICK = 1.8, 13
MOST_TICKS = 9
LARGEST, SMALLEST = 1e100, 1e-100
"""Nothing that is a loss is beyond them; they keep the arithmetic of the axis finite."""
ALIKE = 1e-9
"""Of the larger one: numbers that are nearer to each other than that are drawn as one."""
LONG = 10_000_000
"""A tick that is longer is told in short: 10M."""
ROUND = 1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10


@dataclass(frozen=True)
class AxisScale:
    """The ends of an axis and its ticks, in the units of the data."""

    low: float
    high: float
    ticks: tuple[float, ...]


def clamped(number: float) -> float:
    """A number that the arithmetic of an axis can take."""
    return max(-LARGEST, min(LARGEST, number))


def log_place(positive: float) -> Callable[[float], float]:
    """log10 of a number; one of 0 lies where the smallest positive one does."""
    return lambda number: math.log10(max(positive, number))


def value_axis(numbers: Sequence[float], positive: float, ticks: int, *, log: bool) -> AxisScale:
    """An axis from one round number to another, so that it stands still while they jump.

    `positive` is the smallest number above 0, where a logarithmic axis begins at the latest.
    """
    low, high = min(numbers), max(numbers)
    if log:
        low, high = max(low, positive), max(high, positive)
        if high >= 10 * low:
            return _decades(low, high, ticks)
    largest = max(abs(high), abs(low))
    if high - low <= max(ALIKE * largest, SMALLEST):
        margin = largest / 10 if largest > SMALLEST else 1e-3
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
        powers = range(first - 1, last + 2)  # a logarithm is rounded
        numbers = [float(f"{d}e{power}") for power in powers for d in digits]
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
        numbers.insert(0, math.ceil(first) if whole else first)
    return AxisScale(first, last, tuple(numbers))


def with_room(last: float, most: float = math.inf) -> float:
    """Where an axis ends on which more is to come: at a round number, at most a quarter beyond.

    So it moves now and then and not with each step, and what was drawn stays as it is: a redraw
    changes some cells, which is what a slow line has to carry. Never beyond `most`.
    """
    if last <= 0:
        return last
    power = 10.0 ** math.floor(math.log10(last))
    return max(last, min(most, next(power * n for n in ROUND if power * n >= last)))


def tick_label(tick: float, ticks: Sequence[float]) -> str:
    """A number in `LABEL_WIDTH` characters, with the digits that tell the ticks apart."""
    gap = min((abs(b - a) for a, b in pairwise(ticks)), default=abs(tick))
    power = math.floor(math.log10(gap) + 1e-9) if gap > 0 else -1
    plain = f"{tick:.{max(0, -power)}f}"
    if len(plain) <= LABEL_WIDTH:
        return plain.rjust(LABEL_WIDTH)
    if tick == 0:
        return "0".rjust(LABEL_WIDTH)
    digits = math.floor(math.log10(abs(tick))) - power
    short = exponential(tick, min(max(0, digits), 2))
    return (short if len(short) <= LABEL_WIDTH else exponential(tick, 0)).rjust(LABEL_WIDTH)


def x_labels(axis: AxisScale) -> list[str]:
    """The ticks of the horizontal axis, long ones in short."""
    if max(axis.ticks) >= LONG:
        return [short_count(round(tick)) for tick in axis.ticks]
    if all(tick == round(tick) for tick in axis.ticks):
        return [f"{tick:,.0f}" for tick in axis.ticks]
    return [tick_label(tick, axis.ticks).strip() for tick in axis.ticks]
