"""A chart as a PNG for a paper: its numbers, not its cells, in the colours of the light theme."""

from tui_trainer.runs.curve import XAxis
from tui_trainer.runs.figures import X_LABELS
from tui_trainer.runs.png import PngChart, PngCurve, PngRule
from tui_trainer.themes import LIGHT
from tui_trainer.widgets.chart.canvas import RAW
from tui_trainer.widgets.chart.chart import Chart
from tui_trainer.widgets.chart.draw import points_of
from tui_trainer.widgets.chart.marks import CheckpointMark
from tui_trainer.widgets.chart.picture import DIAMOND, INKS, LETTERS, Curve, Picture, Shape
from tui_trainer.widgets.chart.view import Ends

POINTS_AT_MOST = 2700
"""Two for each of its pixels from left to right: no spike is lost."""
COLOURS = {
    INKS[0]: LIGHT.variables["data"],
    INKS[1]: LIGHT.variables["data-2"],
    RAW: LIGHT.variables["context"],
    "point": LIGHT.variables["attention"],
}
OTHER = str(LIGHT.foreground)
DASHES = "-", "--", ":", "-."
"""In the order of a chart's own patterns: four curves of each colour, for who sees none."""
MARKERS = {DIAMOND: "D", "●": "o", "○": "$○$"}


def png_of(chart: Chart) -> PngChart:
    """What it shows now, as numbers that stay as they are: the part of the axis that is on show."""
    picture = chart.picture()
    ends = picture.ends or (0.0, 1.0)
    shown = chart.view.ends(ends)
    marks = [mark for mark in picture.marks if shown[0] <= mark.step <= shown[1]]
    rules = [mark for mark in marks if not isinstance(mark, CheckpointMark)]
    title = chart.title or picture.curves[0].name
    return PngChart(
        tuple(_curve(curve, picture, title, shown) for curve in picture.curves),
        _x_label(picture),
        title,
        picture.log,
        None if shown == ends else shown,
        picture.whole,
        picture.tell_x,
        tuple(PngRule(mark.step, mark.label) for mark in rules),
        tuple(mark.step for mark in marks if isinstance(mark, CheckpointMark)),
    )


def _x_label(picture: Picture) -> str:
    """On the screen it has a few cells."""
    return {axis.value: X_LABELS[axis] for axis in XAxis}.get(picture.x_label, picture.x_label)


def _curve(curve: Curve, picture: Picture, title: str, shown: Ends) -> PngCurve:
    points = tuple(points_of(curve.shape, curve.numbers.window(*shown, POINTS_AT_MOST)))
    colour, name = COLOURS.get(curve.ink, OTHER), _name(curve, picture, title)
    if curve.shape is Shape.POINTS:
        letter = f"${curve.mark}$" if curve.mark.isalpha() else "D"
        return PngCurve(points, colour, name, "", MARKERS.get(curve.mark, letter))
    return PngCurve(points, colour, name, _dashes(curve), is_faint=curve.shape is Shape.RANGE)


def _dashes(curve: Curve) -> str:
    place = max(0, LETTERS.find(curve.letter)) if curve.letter else 0
    return DASHES[place // len(INKS) % len(DASHES)]


def _name(curve: Curve, picture: Picture, title: str) -> str:
    """What the legend calls it; "" for the points of a line that has a name."""
    what = curve.name.removeprefix(curve.mark).strip()
    if curve.shape is Shape.RANGE:
        what = f"each {picture.x_label}"
    elif curve.shape is Shape.AVERAGE:
        what = "moving average"
    elif curve.shape is Shape.LINE and not what:
        what = title
    what = "validation" if what == "val" else what
    of = f"{curve.letter} {curve.run}".strip()
    return f"{of}: {what}" if of and what else what
