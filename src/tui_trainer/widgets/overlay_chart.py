"""The loss curves of several runs in one chart: `overlay_plot` draws it, the theme colours it."""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui_trainer.runs.curve import XAxis
from tui_trainer.widgets.overlay_plot import FRAME, Canvas, Overlaid, overlay

LETTERS = "ABCDEFGH"
COLOURS = len(LETTERS)


class OverlayChart(Widget):
    """Curves that differ by a letter as well as by their colour. It is built when it is painted."""

    DEFAULT_CSS = """
    OverlayChart {
        width: 1fr;
        height: 1fr;

        .overlay--frame { color: $text-muted; }
        .overlay--0 { color: $text-primary; text-style: bold; }
        .overlay--1 { color: $text-warning; text-style: bold; }
        .overlay--2 { color: $text-success; text-style: bold; }
        .overlay--3 { color: $text-error; text-style: bold; }
        .overlay--4 { color: $text-secondary; text-style: bold; }
        .overlay--5 { color: $text-accent; text-style: bold; }
        .overlay--6 { color: $text; text-style: bold; }
        .overlay--7 { color: $text-muted; text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "overlay--frame",
        *(f"overlay--{number}" for number in range(COLOURS)),
    }

    axis: reactive[XAxis] = reactive(XAxis.STEP)
    log_axis: reactive[bool] = reactive(False)

    def __init__(self) -> None:
        super().__init__()
        self.curves: tuple[Overlaid, ...] = ()
        self._canvas: Canvas | None = None
        self._canvas_size = Size(0, 0)

    def show(self, curves: Sequence[Overlaid]) -> None:
        """Draw these curves in the place of those before."""
        if (curves := tuple(curves)) != self.curves:
            self.curves = curves
            self._draw_anew()

    def watch_axis(self) -> None:
        self._draw_anew()

    def watch_log_axis(self) -> None:
        self._draw_anew()

    def _draw_anew(self) -> None:
        self._canvas = None
        self.refresh()

    def render_line(self, y: int) -> Strip:
        canvas = self._built()
        spans = canvas.spans(y) if y < len(canvas.rows) else ()
        segments = [Segment(text, self._style(owner)) for text, owner in spans]
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    def _style(self, owner: int) -> Style:
        if owner == FRAME:
            return self.get_component_rich_style("overlay--frame")
        # A run keeps its colour with its letter when another one is taken away.
        colour = max(0, LETTERS.find(self.curves[owner].letter))
        return self.get_component_rich_style(f"overlay--{colour}")

    def _built(self) -> Canvas:
        if self._canvas is None or self._canvas_size != self.size:
            self._canvas_size = self.size
            width, height = self.size
            self._canvas = overlay(self.curves, width, height, self.axis, log=self.log_axis)
        return self._canvas
