"""The curve of -log p: `cross_entropy_plot` draws it, the theme colours it."""

import re
from typing import ClassVar

from rich.segment import Segment
from textual.geometry import Size
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui_trainer.widgets.cross_entropy_plot import GUESS, POINT, CurvePoint, curve_lines

MARKS = re.compile(f"(?P<curve>[\u2801-\u28ff]+)|(?P<point>{POINT})|(?P<guess>{GUESS})")


class CrossEntropyCurve(Widget):
    """-log p over p, the label's point on it and that of a guess; built when it is painted."""

    DEFAULT_CSS = """
    CrossEntropyCurve {
        width: 1fr;
        height: 1fr;

        .cross-entropy--curve { color: $data; }
        .cross-entropy--point { color: $attention; text-style: bold; }
        .cross-entropy--guess { color: $context; }
        .cross-entropy--frame { color: $context; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "cross-entropy--curve",
        "cross-entropy--point",
        "cross-entropy--guess",
        "cross-entropy--frame",
    }

    point: reactive[CurvePoint | None] = reactive(None)
    """None while the loss is not known: then nothing is drawn."""
    log_axis: reactive[bool] = reactive(False)
    """Whether the axis of p is logarithmic: there the curve is a straight line."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []
        self._drawn: tuple[CurvePoint | None, bool, Size] | None = None

    def render_line(self, y: int) -> Strip:
        lines = self._built_lines()
        strip = Strip(self._segments(lines[y] if y < len(lines) else ""))
        return strip.adjust_cell_length(self.size.width, self.rich_style)

    def _built_lines(self) -> list[str]:
        wanted = self.point, self.log_axis, self.size
        if wanted != self._drawn:
            self._drawn = wanted
            self._lines = (
                curve_lines(self.point, *self.size, log=self.log_axis) if self.point else []
            )
        return self._lines

    def _segments(self, line: str) -> list[Segment]:
        """The line in the colours of the theme; the marks differ without them too."""
        frame = self.get_component_rich_style("cross-entropy--frame")
        segments, done = [], 0
        for mark in MARKS.finditer(line):
            style = self.get_component_rich_style(f"cross-entropy--{mark.lastgroup}")
            segments += [Segment(line[done : mark.start()], frame), Segment(mark[0], style)]
            done = mark.end()
        return [*segments, Segment(line[done:], frame)]
