"""The loss chart: plotext draws it, the theme colours it."""

import math
import re
from collections.abc import Sequence
from typing import ClassVar

import plotext
from rich.segment import Segment
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui_trainer.widgets.loss_series import LossSeries, Point

REDRAW_SECONDS = 0.3
SMALLEST = 1e-9  # where a loss of 0 lies on a logarithmic axis
LABEL_WIDTH = 8
SMALLEST_SIZE = 24, 4  # columns, rows; below it a line of text says more
DOT = "·"
PARTS = re.compile(f"(?P<curve>[\u2801-\u28ff]+)|(?P<raw>{DOT}+)")


class LossChart(Widget):
    """Raw losses as dots, their moving average as a line; without smoothing the raw as a line.

    Add to `series` and call `redraw`: the chart is drawn at once after a pause, else at most
    every `REDRAW_SECONDS`, however often it is called.
    """

    DEFAULT_CSS = """
    LossChart {
        width: 1fr;
        height: 1fr;

        .loss-chart--curve { color: $primary; text-style: bold; }
        .loss-chart--raw { color: $text-muted; }
        .loss-chart--frame { color: $text-muted; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "loss-chart--curve",
        "loss-chart--raw",
        "loss-chart--frame",
    }

    log_axis: reactive[bool] = reactive(False)
    """Whether the loss axis is logarithmic."""

    def __init__(
        self,
        x_label: str = "update",
        *,
        smoothing: bool = True,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.series = LossSeries()
        self.draws = 0
        """How many times a chart was built."""
        self._x_label = x_label
        self._smoothing = smoothing
        self._dirty = False
        self._resting = False
        self._lines: list[str] = []

    def redraw(self) -> None:
        """The series changed: draw it now, or as soon as the last drawing is old enough."""
        self._dirty = True
        if not self._resting and self.is_mounted:
            self._draw()

    def _draw(self) -> None:
        self._resting = self._dirty
        if self._dirty:
            self._dirty = False
            self._build()
            self.set_timer(REDRAW_SECONDS, self._draw)

    def watch_log_axis(self) -> None:
        self._build()

    def on_resize(self) -> None:
        self._build()

    def on_show(self) -> None:
        self._build()

    def _build(self) -> None:
        width, height = self.size
        if width == 0 or height == 0:
            return
        self.draws += 1
        self._lines = chart_lines(
            self.series, width, height, self._x_label, log=self.log_axis, smoothing=self._smoothing
        )
        self.refresh()

    def render_line(self, y: int) -> Strip:
        line = self._lines[y] if y < len(self._lines) else ""
        strip = Strip(self._segments(line))
        return strip.adjust_cell_length(self.size.width, self.rich_style)

    def _segments(self, line: str) -> list[Segment]:
        """The line in the colours of the theme; what is what shows without them too."""
        frame = self.get_component_rich_style("loss-chart--frame")
        segments, done = [], 0
        for part in PARTS.finditer(line):
            style = self.get_component_rich_style(f"loss-chart--{part.lastgroup}")
            segments += [Segment(line[done : part.start()], frame), Segment(part[0], style)]
            done = part.end()
        return [*segments, Segment(line[done:], frame)]


def chart_lines(
    series: LossSeries, width: int, height: int, x_label: str, *, log: bool, smoothing: bool
) -> list[str]:
    """The chart as `height` lines of `width` characters; a sentence where it cannot be drawn."""
    points = series.raw(width)
    if not points:
        return ["", " The loss chart begins with the first update."]
    if width < SMALLEST_SIZE[0] or height < SMALLEST_SIZE[1]:
        return [f" loss {series.last:.4f}"]
    curve = series.curve(width)
    lines = _plot(points, curve, width, height - 1, log=log, smoothing=smoothing)
    return [*lines, _legend(x_label, log, smoothing).center(width)[:width]]


def _legend(x_label: str, log: bool, smoothing: bool) -> str:
    axis = f"loss (nats{', log' if log else ''}) by {x_label}"
    return f"{axis}    {DOT} loss   ⠒⠒ moving average" if smoothing else axis


def _plot(
    points: list[Point],
    curve: list[Point],
    width: int,
    height: int,
    *,
    log: bool,
    smoothing: bool,
) -> list[str]:
    scale = _log10 if log else float
    plotext.terminal.limit(False, False)  # the widget is the limit, not the terminal it started in
    figure = plotext.figure
    figure.clear.all()
    figure.theme("colorless")
    figure.plot_size(width, height)
    steps = [point.step for point in points]
    losses = [scale(point.loss) for point in points]
    raw = figure.signal(steps, losses, marker=DOT if smoothing else "braille")
    if smoothing:
        average = figure.signal(
            [point.step for point in curve],
            [scale(point.loss) for point in curve],
            marker="braille",
        ).lines()
        figure.draw(raw)
        figure.draw(average)
    else:
        figure.draw(raw.lines())
    low, high = _limits(losses)
    ticks = _spread(low, high, max(2, min(6, height // 2)))
    labels = [_tick_label(10**tick if log else tick) for tick in ticks]
    figure.ruler(1, 0).lim(low, high).ticks(ticks, labels)
    left, right = _limits(steps)
    numbers = sorted({round(step) for step in _spread(left, right, max(2, width // 16))})
    numbers = [number for number in numbers if left <= number <= right]
    figure.ruler(0, 0).lim(left, right).ticks(numbers, [f"{number:,}" for number in numbers])
    text: str = figure.build().string(colorless=True)
    return text.splitlines()


def _log10(loss: float) -> float:
    return math.log10(max(loss, SMALLEST))


def _limits(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low - 0.5, high + 0.5) if low == high else (low, high)


def _spread(low: float, high: float, number: int) -> list[float]:
    return [low + (high - low) * n / (number - 1) for n in range(number)]


def _tick_label(loss: float) -> str:
    """A loss in `LABEL_WIDTH` characters, so that the frame does not move as it falls."""
    digits = f"{loss:.3f}" if 0.001 <= abs(loss) < 1000 or loss == 0 else f"{loss:.1e}"
    return digits.rjust(LABEL_WIDTH)
