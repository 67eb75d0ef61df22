"""Several loss curves in one chart as cells of text, each curve with its letter along it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tui_trainer.runs.curve import LossCurve, XAxis, place_of
from tui_trainer.runs.loss_series import Bucket, merged
from tui_trainer.widgets.loss_plot import (
    COLUMNS_A_TICK,
    DOTS,
    LABEL_WIDTH,
    ROWS_A_TICK,
    SMALLEST_SIZE,
    AxisScale,
    clamped,
    empty_figure,
    log_place,
    loss_axis,
    step_axis,
    tick_label,
)
from tui_trainer.words.numbers import nats, short_count

FRAME = -1
"""Whose a cell is that no curve drew."""
BLANK, LAST_DOTS = 0x2800, 0x28FF
LETTER_COLUMNS = 14
"""From one letter of a curve to its next."""
LONG = 10_000_000
"""A tick that is longer is told in short: 10M."""


@dataclass(frozen=True)
class Overlaid:
    """A curve, and the letter that marks it; a single curve needs none."""

    letter: str
    curve: LossCurve


@dataclass
class Canvas:
    """The cells of a chart, and which curve drew each."""

    rows: list[list[str]]
    owners: list[list[int]]

    def spans(self, row: int) -> Iterator[tuple[str, int]]:
        """A row's text in pieces that one curve drew."""
        text, owner = "", FRAME
        for cell, drew in zip(self.rows[row], self.owners[row], strict=True):
            if drew != owner and text:
                yield text, owner
                text = ""
            text, owner = text + cell, drew
        if text:
            yield text, owner


def canvas_of(lines: Sequence[str]) -> Canvas:
    rows = [list(line) for line in lines]
    return Canvas(rows, [[FRAME] * len(row) for row in rows])


def overlay(
    curves: Sequence[Overlaid], width: int, height: int, over: XAxis, *, log: bool
) -> Canvas:
    """The moving averages in `height` rows of `width` cells; a sentence where there is none."""
    drawn = [reduced(overlaid.curve, width) for overlaid in curves]
    if not any(drawn):
        return canvas_of(["", " There is no loss to draw here."])
    if width < SMALLEST_SIZE[0] or height < SMALLEST_SIZE[1]:
        last = next(buckets[-1] for buckets in drawn if buckets)
        return canvas_of([f"loss {nats(last.smoothed)}"])
    plot = Plotter(drawn, width, height - 1, over, log=log)
    canvas = canvas_of([title(curves, over, log=log)[:width].ljust(width), *plot.frame(over)])
    paths = [_draw(canvas, plot.curve(buckets), number) for number, buckets in enumerate(drawn)]
    for number, (overlaid, path) in enumerate(zip(curves, paths, strict=True)):
        _write_letters(canvas, overlaid.letter, path, number, len(curves))
    return canvas


def reduced(curve: LossCurve, width: int) -> list[Bucket]:
    """At most `width` points of the curve, oldest first."""
    return merged(list(curve.buckets), -(-len(curve.buckets) // max(1, width)))


def title(curves: Sequence[Overlaid], over: XAxis, *, log: bool) -> str:
    """What the axes are; what is not drawn."""
    words = f" loss (nats){', log axis' if log else ''}, moving average, by {over.value}"
    if lost := sum(overlaid.curve.not_finite for overlaid in curves):
        words += f"   {lost:,} not finite, not shown"
    if not all(overlaid.curve.is_whole or overlaid.curve.failure for overlaid in curves):
        words += "   reading on"
    return words


class Plotter:
    """Draws one curve after another on the same two axes."""

    def __init__(
        self, drawn: Sequence[Sequence[Bucket]], width: int, height: int, over: XAxis, *, log: bool
    ) -> None:
        self._width, self._height, self._over = width, height, over
        every = [bucket for buckets in drawn for bucket in buckets]
        losses = [clamped(bucket.smoothed) for bucket in every]
        positive = min((loss for loss in losses if loss > 0), default=1.0)
        self._place: Callable[[float], float] = log_place(positive) if log else clamped
        self._y = loss_axis(losses, positive, max(2, round(height / ROWS_A_TICK)), log=log)
        # Tokens and seconds are counted up to the end of a step: the first began at 0.
        begin = min(bucket.first for bucket in every) if over is XAxis.STEP else 0
        end = max(place_of(bucket, over) for bucket in every)
        ticks = max(2, width // COLUMNS_A_TICK)
        self._x = step_axis(begin, end, ticks, whole=over is not XAxis.TIME)

    def curve(self, buckets: Sequence[Bucket]) -> list[str]:
        """The lines of a chart with one curve; none where it has no point."""
        if not buckets:
            return []
        figure = empty_figure(self._width, self._height)
        x = [place_of(bucket, self._over) for bucket in buckets]
        y = [self._place(bucket.smoothed) for bucket in buckets]
        figure.draw(figure.signal(x, y, marker=DOTS).lines())
        labels = [tick_label(tick, self._y.ticks) for tick in self._y.ticks]
        low, high = self._place(self._y.low), self._place(self._y.high)
        figure.ruler("y").lim(low, high).ticks([self._place(t) for t in self._y.ticks], labels)
        figure.ruler("x").lim(self._x.low, self._x.high).ticks(self._x.ticks, x_labels(self._x))
        text: str = figure.build().string(colorless=True)
        return text.rstrip("\n").splitlines()

    def frame(self, over: XAxis) -> list[str]:
        """The axes alone, named."""
        corner = Bucket(0, 0, 0.0, 0.0, self._y.low)
        lines = ["".join(" " if is_dots(c) else c for c in line) for line in self.curve([corner])]
        lines[-1] = over.value[:LABEL_WIDTH].rjust(LABEL_WIDTH) + lines[-1][LABEL_WIDTH:]
        return [line.ljust(self._width) for line in lines]


def x_labels(axis: AxisScale) -> list[str]:
    """The ticks of the horizontal axis, long ones in short."""
    if max(axis.ticks) >= LONG:
        return [short_count(round(tick)) for tick in axis.ticks]
    if all(tick == round(tick) for tick in axis.ticks):
        return [f"{tick:,.0f}" for tick in axis.ticks]
    return [tick_label(tick, axis.ticks).strip() for tick in axis.ticks]


def is_dots(cell: str) -> bool:
    return BLANK < ord(cell) <= LAST_DOTS


def _draw(canvas: Canvas, lines: Sequence[str], number: int) -> dict[int, int]:
    """Lay a curve over those before it; where two cross, a cell keeps the dots of both.

    Gives the columns it goes through, each with a row of it.
    """
    path = {}
    for row, line in enumerate(lines, start=1):
        for column, cell in enumerate(line):
            if is_dots(cell):
                before = canvas.rows[row][column]
                dots = ord(before) - BLANK if is_dots(before) else 0
                canvas.rows[row][column] = chr(BLANK + (dots | (ord(cell) - BLANK)))
                canvas.owners[row][column] = number
                path[column] = row
    return path


def _write_letters(
    canvas: Canvas, letter: str, path: dict[int, int], number: int, curves: int
) -> None:
    """Put the curve's letter on it here and there, at other columns than the other curves'.

    After all are drawn: so a curve that lies on another has its letters too.
    """
    if not letter or not path:
        return
    first, last = min(path) + LETTER_COLUMNS * number // curves, max(path)
    for column, row in path.items():
        is_due = (column - first) % LETTER_COLUMNS == 0 and last - column > LETTER_COLUMNS // 2
        if is_due or (column == last and is_dots(canvas.rows[row][column])):
            canvas.rows[row][column] = letter
            canvas.owners[row][column] = number
