"""A chart in its panel, whose title has its figure and what its crosshair reads."""

from textual import events

from tui_trainer.widgets.chart.chart import Chart
from tui_trainer.widgets.panel import Panel


class ChartPanel(Panel):
    """One chart of a wall."""

    def __init__(self, chart: Chart, *, keys: str = "", classes: str = "") -> None:
        """`keys` are told at the lower right, after the marks."""
        super().__init__(chart, title=chart.title, hint=keys, classes=f"flush {classes}".strip())
        self.chart, self._keys = chart, keys

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        """Other keys may be the chart's now."""
        self.tell()

    def on_descendant_blur(self, _event: events.DescendantBlur) -> None:
        self.tell()

    @property
    def keys(self) -> str:
        """What is told of them."""
        return self._keys

    def on_chart_redrawn(self) -> None:
        """It has other numbers, or another place is read."""
        self.tell()

    def tell(self) -> None:
        self.title = self.chart.title
        reading = self.chart.reading()
        self.figure = self.chart.figure() if reading is None else reading
        self.hint = "  ".join(filter(None, (*self.chart.legend, self.keys)))
