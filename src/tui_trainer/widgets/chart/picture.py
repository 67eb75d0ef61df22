"""What a chart is to draw: curves, marks and the words beside them; no widget, no size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

from tui_trainer.runs.series import Bucket
from tui_trainer.widgets.chart.marks import Mark
from tui_trainer.widgets.chart.view import Ends, View
from tui_trainer.words.numbers import nats

LETTERS = "ABCDEFGH"
INKS = "first", "second"
PATTERNS = "x", "xxxxxx  ", "x ", "xxxxxx  x "
"""Solid, dashed, dotted, dashes and dots: for who sees no colours, four curves of each of two."""
DIAMOND, POINT = "◆", "•"
COLUMNS_A_POINT = 3
"""Numbers that are so far from each other, or farther, are seen one by one on their line."""


class Shape(Enum):
    """How a curve is drawn."""

    RANGE = "range"
    """The lowest and the highest of each column, as dots: what lies behind an average."""
    AVERAGE = "average"
    """A line through the moving average."""
    LINE = "line"
    """A line through the numbers themselves."""
    POINTS = "points"
    """A mark each: numbers that are there now and then."""


class Numbers(Protocol):
    """What a curve is drawn from; a `Series` is one."""

    @property
    def ends(self) -> Ends | None: ...

    def window(self, low: float, high: float, most: int, /) -> Sequence[Bucket]: ...

    def at(self, place: float, /) -> Bucket | None: ...


@dataclass(frozen=True)
class Curve:
    """Numbers, and how they are drawn and told."""

    numbers: Numbers
    name: str
    shape: Shape = Shape.LINE
    ink: str = INKS[0]
    letter: str = ""
    """Put on the curve here and there, where several runs are in one chart."""
    tell: Callable[[float], str] = nats
    mark: str = DIAMOND
    """What stands for a point."""
    is_told: bool = True
    """Whether the crosshair reads it: not the points of a curve that is read already."""
    run: str = ""
    """The name of the run that it is of, where several are in one chart."""

    @property
    def pattern(self) -> str:
        """The curve's own beside those of the same colour."""
        place = LETTERS.find(self.letter) if self.letter else 0
        return PATTERNS[max(0, place) // len(INKS) % len(PATTERNS)]


def points_on(curve: Curve, view: View, columns: int) -> tuple[Curve, ...]:
    """The numbers that a line goes through as points on it, where they are few; else none."""
    if (ends := curve.numbers.ends) is None:
        return ()
    most = columns // COLUMNS_A_POINT
    buckets = curve.numbers.window(*view.ends(ends), most)
    if not 0 < len(buckets) <= most or any(one.first != one.last for one in buckets):
        return ()
    return (replace(curve, shape=Shape.POINTS, mark=POINT, is_told=False),)


def ink_of(letter: str) -> str:
    """The ink of the run with that letter: `first` and `second` in turn."""
    return INKS[max(0, LETTERS.find(letter)) % len(INKS)]


@dataclass(frozen=True)
class Picture:
    """All that a chart draws."""

    curves: tuple[Curve, ...]
    """Those behind first."""
    title: str
    """What the vertical axis is, and which mark is which."""
    empty: str
    """What stands there where there is no curve yet: a sentence, and lines below it."""
    x_label: str = "step"
    marks: tuple[Mark, ...] = ()
    log: bool = False
    whole: bool = True
    """Whether the ticks of the horizontal axis are whole numbers."""
    tell_x: Callable[[float], str] | None = None
    """A tick of it in words, where that is not its number."""
    plain: bool = False
    """Whether a small one has no axes, whose rows its curves have then."""
    begin: float | None = None
    """Where the horizontal axis begins, where that is not at the first number."""
    most: float | None = None
    """Where it can end at most, where more is to come; None where nothing is."""

    @property
    def ends(self) -> Ends | None:
        """The first and the last place of all curves; None where there is none."""
        ends = [curve.numbers.ends for curve in self.curves]
        there = [one for one in ends if one is not None]
        if not there:
            return None
        low = min(first for first, _ in there) if self.begin is None else self.begin
        return low, max(last for _, last in there)


@dataclass(frozen=True)
class Reading:
    """What a curve has at the crosshair."""

    name: str
    value: str
    ink: str
    short: str = ""
    """Its name where there is no room for that: of one curve of several its letter alone."""
    where: str = ""
    """Of a point that was measured elsewhere: ` @10`."""


def readings(picture: Picture, place: float) -> list[Reading]:
    """The value of every curve there, or of the last number before it; those that have a letter, of
    other runs, behind the others."""
    found = []
    for curve in sorted(picture.curves, key=lambda curve: bool(curve.letter)):
        bucket = curve.numbers.at(place)
        if bucket is not None and curve.is_told:
            name = f"{curve.letter} {curve.name}".strip()
            told = name, _told(curve, bucket), curve.ink
            found.append(Reading(*told, _short(curve), _where(curve, bucket, place)))
    return found


def _short(curve: Curve) -> str:
    if not curve.letter:
        return curve.name
    return curve.mark if curve.shape is Shape.POINTS else curve.letter


def _where(curve: Curve, bucket: Bucket, place: float) -> str:
    is_here = curve.shape is not Shape.POINTS or round(bucket.last) == round(place)
    return "" if is_here else f" @{bucket.last:,.0f}"


def _told(curve: Curve, bucket: Bucket) -> str:
    if curve.shape is Shape.AVERAGE:
        return curve.tell(bucket.smoothed)
    value = curve.tell(bucket.lowest)
    if bucket.lowest != bucket.highest:
        return f"{value} to {curve.tell(bucket.highest)}"
    return value
