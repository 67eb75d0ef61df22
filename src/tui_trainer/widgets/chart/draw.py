"""A picture becomes cells, at any size: the axes, the curves, the marks, the crosshair."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

from tui_trainer.runs.series import Bucket
from tui_trainer.widgets.chart.axes import (
    COLUMNS_A_TICK,
    LABEL_WIDTH,
    MOST_TICKS,
    ROWS_A_TICK,
    SMALLEST,
    AxisScale,
    clamped,
    log_place,
    step_axis,
    tick_label,
    value_axis,
    with_room,
    x_labels,
)
from tui_trainer.widgets.chart.canvas import DOTS_ACROSS, RAW, Canvas, Dots
from tui_trainer.widgets.chart.frame import frame
from tui_trainer.widgets.chart.marks import Plot, write_checkpoints, write_rules
from tui_trainer.widgets.chart.picture import Curve, Picture, Shape
from tui_trainer.widgets.chart.view import Ends, View

SMALLEST_FRAMED = 24, 3  # columns, rows of axes and curves; below it a number says more
SMALLEST_BARE = 10, 1
ROOMY = 48, 8  # below it the two rows of an axis are better used for the curve
AXIS_ROWS = 2
LETTER_COLUMNS = 14
"""From one letter of a curve to its next."""
CROSS, HERE, TITLE = "cross", "here", "title"
CROSS_LINE = "│"
Place = Callable[[float], float]
Point = tuple[float, float]


@dataclass(frozen=True)
class Drawn:
    """A chart, and where on it the steps lie; `plot` is None where no curve is."""

    canvas: Canvas
    plot: Plot | None = None


def draw(
    picture: Picture, width: int, height: int, view: View | None = None, *, titled: bool = True
) -> Drawn:
    """At most `height` rows of `width` cells; a sentence where there is no curve.

    With `titled` the first row is the picture's title. A small one that is `plain` has no axes, but
    the labels of the vertical one.
    """
    ends = shown_ends(picture, view or View())
    if ends is None:
        said = [f" {line}" for line in _wrapped(picture.empty, max(1, width - 2))]
        return Drawn(Canvas([*[""] * (titled and height > 1), *said][:height], width))
    room = height - titled
    least = SMALLEST_BARE if picture.plain else SMALLEST_FRAMED
    if width < least[0] or room < least[1]:
        return Drawn(Canvas([_number(picture)], width))
    bare = picture.plain and (width < ROOMY[0] or room < ROOMY[1])
    return _Drawing(picture, width, room, ends, titled=titled, bare=bare).draw(view or View())


def _wrapped(words: str, width: int) -> list[str]:
    """Line by line; one that is indented, or empty, stays so."""
    lines = (wrap(line, width, break_on_hyphens=False) or [""] for line in words.splitlines())
    return [part for line in lines for part in line]


def shown_ends(picture: Picture, view: View) -> Ends | None:
    """The ends of what is on show of the horizontal axis; None where there is nothing."""
    all_of_it = axis_ends(picture)
    return None if all_of_it is None else view.ends(all_of_it)


def axis_ends(picture: Picture) -> Ends | None:
    """Of all of the axis: where more is to come it is somewhat longer than what is there."""
    if (ends := picture.ends) is None or picture.most is None:
        return ends
    return ends[0], with_room(ends[1], picture.most)


def _number(picture: Picture) -> str:
    """The last number of all: of the curve that is drawn first."""
    curve = picture.curves[0]
    last = curve.numbers.window(*(curve.numbers.ends or (0.0, 0.0)), 1)
    bucket = curve.numbers.at(last[-1].last) if last else None
    return "" if bucket is None else f"{curve.name} {curve.tell(bucket.lowest)}"


class _Drawing:
    """The axes of one chart, and all that is drawn between them."""

    def __init__(
        self, picture: Picture, width: int, room: int, ends: Ends, *, titled: bool, bare: bool
    ) -> None:
        self._picture, self._width, self._bare = picture, width, bare
        self._top = int(titled)
        self._rows = room if bare else room - AXIS_ROWS
        self._x = step_axis(*ends, max(2, width // COLUMNS_A_TICK), whole=picture.whole)
        self._found = [
            (curve, curve.numbers.window(self._x.low, self._x.high, DOTS_ACROSS * 2 * width))
            for curve in picture.curves
        ]
        self._scale()
        lines = self._frame(room)
        self._canvas = Canvas([picture.title, *lines] if titled else lines, width)
        if titled:
            self._canvas.inks[0] = [TITLE] * width
        left = self._gutter + (not bare)
        self._plot = Plot(self._x.low, self._x.high, left, width - 1)
        self._dots = Dots(width - left, self._rows)

    def _scale(self) -> None:
        """The vertical axis: all that is on show is on it, what is beyond an end is not asked."""
        numbers = [
            clamped(number)
            for curve, buckets in self._found
            for bucket in self._within(buckets)
            for number in _numbers(curve.shape, bucket)
        ] or [0.0]
        log = self._picture.log
        positive = min((number for number in numbers if number > SMALLEST), default=1.0)
        self._place: Place = log_place(positive) if log else float
        ticks = max(2, min(round((self._rows + 1) / ROWS_A_TICK), MOST_TICKS))
        self._y = value_axis(numbers, positive, min(ticks, 3) if self._bare else ticks, log=log)
        labels = [tick_label(tick, self._y.ticks) for tick in self._y.ticks]
        if self._bare:
            wide = max((len(label.strip()) for label in labels), default=0)
            labels = [label.strip().rjust(wide) for label in labels]
        self._labels = tuple(labels)
        self._gutter = len(labels[0]) + self._bare if labels else LABEL_WIDTH
        self._low, self._high = self._place(self._y.low), self._place(self._y.high)

    def _within(self, buckets: Sequence[Bucket]) -> Sequence[Bucket]:
        inside = [b for b in buckets if self._x.low <= b.last and b.first <= self._x.high]
        return inside or buckets

    def _frame(self, room: int) -> list[str]:
        if self._bare:
            lines = [""] * self._rows
            for tick, label in zip(self._y.ticks, self._labels, strict=True):
                lines[self._dot_row(tick, 4 * self._rows) // 4] = label
            return lines
        placed = AxisScale(self._low, self._high, tuple(map(self._place, self._y.ticks)))
        size = self._width, room
        tell = self._picture.tell_x
        across = x_labels(self._x) if tell is None else map(tell, self._x.ticks)
        lines = list(frame(*size, self._x, tuple(across), placed, self._labels))
        gutter = self._picture.x_label[:LABEL_WIDTH].rjust(LABEL_WIDTH)
        lines[-1] = gutter + lines[-1][LABEL_WIDTH:]
        return lines

    def draw(self, view: View) -> Drawn:
        canvas, plot, rows = self._canvas, self._plot, range(self._top, self._top + self._rows)
        paths = [self._draw_curve(curve, buckets) for curve, buckets in self._found]
        canvas.lay(self._dots, plot.left, self._top)
        lettered = [
            (curve, path)
            for (curve, _), path in zip(self._found, paths, strict=True)
            if curve.letter and path
        ]
        for number, (curve, path) in enumerate(lettered):
            self._put_letters(curve, path, number, len(lettered))
        self._put_points()
        write_rules(canvas, self._picture.marks, plot, rows)
        if not self._bare:
            write_checkpoints(canvas, self._picture.marks, plot, rows.stop)
        if view.cross is not None and plot.has(view.cross):
            _put_cross(canvas, plot.column(view.cross), rows)
        return Drawn(canvas, plot)

    # Curves

    def _draw_curve(self, curve: Curve, buckets: Sequence[Bucket]) -> dict[int, int]:
        """Gives the columns of cells that a line goes through, each with a row of it."""
        if curve.shape is Shape.RANGE:
            self._draw_range(buckets)
        elif curve.shape is not Shape.POINTS:
            places = [self._dot(*point) for point in self._line(curve.shape, buckets)]
            return self._draw_line(places, curve)
        return {}

    def _draw_range(self, buckets: Sequence[Bucket]) -> None:
        for bucket in buckets:
            if self._x.low <= bucket.middle <= self._x.high:
                self._dots.dot(*self._dot(bucket.middle, bucket.lowest), RAW)
                if bucket.highest != bucket.lowest:
                    self._dots.dot(*self._dot(bucket.middle, bucket.highest), RAW)

    def _line(self, shape: Shape, buckets: Sequence[Bucket]) -> Iterator[Point]:
        """The points of a line, cut off at the ends of the axis."""
        points = list(points_of(shape, buckets))
        low, high = self._x.low, self._x.high
        for number, (x, y) in enumerate(points):
            if x < low:
                if number + 1 < len(points) and points[number + 1][0] > low:
                    yield low, _between((x, y), points[number + 1], low)
            elif x > high:
                if number and points[number - 1][0] < high:
                    yield high, _between(points[number - 1], (x, y), high)
            else:
                yield x, y

    def _draw_line(self, places: list[tuple[int, int]], curve: Curve) -> dict[int, int]:
        path: dict[int, int] = {}
        for start, end in zip(places[:1] + places[:-1], places, strict=True):
            self._dots.line(start, end, curve.ink, curve.pattern)
            if curve.letter:
                path.update(_cells(start, end))
        return path

    def _dot(self, x: float, y: float) -> tuple[int, int]:
        """The dot of a place and a number: from the left, and from the top."""
        share = (x - self._x.low) / (self._x.high - self._x.low)
        return round(share * (self._dots.width - 1)), self._dot_row(y, self._dots.height)

    def _dot_row(self, number: float, height: int) -> int:
        share = (self._place(clamped(number)) - self._low) / (self._high - self._low)
        return round((1 - max(0.0, min(share, 1.0))) * (height - 1))

    def _put_points(self) -> None:
        for curve, buckets in self._found:
            if curve.shape is Shape.POINTS:
                for bucket in buckets:
                    if self._plot.has(bucket.middle):
                        self._put_point(curve, bucket)

    def _put_point(self, curve: Curve, bucket: Bucket) -> None:
        column = self._plot.column(bucket.middle)
        for number in {bucket.highest, bucket.lowest}:
            row = self._top + self._dot_row(number, self._dots.height) // 4
            self._canvas.put(column, row, curve.mark, curve.ink)

    def _put_letters(self, curve: Curve, path: dict[int, int], number: int, curves: int) -> None:
        """The curve's letter here and there, at other columns than the other curves'.

        After all are drawn: so a curve that lies on another has its letters too.
        """
        first, last = min(path) + LETTER_COLUMNS * number // curves, max(path)
        for column, row in path.items():
            is_due = (column - first) % LETTER_COLUMNS == 0 and last - column > LETTER_COLUMNS // 2
            at = self._plot.left + column, self._top + row
            is_free = not self._canvas.cells[at[1]][at[0]].isalpha()
            if is_due or (column == last and is_free):
                self._canvas.put(*at, curve.letter, curve.ink)


def _numbers(shape: Shape, bucket: Bucket) -> tuple[float, ...]:
    """What of a bucket is drawn."""
    return (bucket.smoothed,) if shape is Shape.AVERAGE else (bucket.lowest, bucket.highest)


def points_of(shape: Shape, buckets: Iterable[Bucket]) -> Iterator[Point]:
    for bucket in buckets:
        if shape is Shape.AVERAGE:
            yield bucket.last, bucket.smoothed
            continue
        yield bucket.middle, bucket.highest
        if bucket.lowest != bucket.highest:
            yield bucket.middle, bucket.lowest


def _between(start: Point, end: Point, x: float) -> float:
    """The number at `x` on the line between two points."""
    share = (x - start[0]) / (end[0] - start[0])
    return clamped(start[1]) + share * (clamped(end[1]) - clamped(start[1]))


def _cells(start: tuple[int, int], end: tuple[int, int]) -> Iterable[tuple[int, int]]:
    """The columns of cells that a line of dots goes through, each with a row of it."""
    (x, y), (to_x, to_y) = start, end
    for column in range(x >> 1, (to_x >> 1) + 1):
        share = (2 * column - x) / (to_x - x) if to_x > x else 0.0
        yield column, round(y + max(0.0, min(share, 1.0)) * (to_y - y)) >> 2


def _put_cross(canvas: Canvas, column: int, rows: range) -> None:
    """A line from top to bottom, behind what is drawn, which is brighter where it crosses it."""
    for row in rows:
        if canvas.cells[row][column] == " ":
            canvas.put(column, row, CROSS_LINE, CROSS)
        else:
            canvas.inks[row][column] = HERE
