"""A chart in its panel, whose title has its figure and what its crosshair reads."""

from textual import events
from textual.content import Content

from tui_trainer.widgets.chart.chart import Chart
from tui_trainer.widgets.panel import AROUND, PART, Panel


class ChartPanel(Panel):
    """One chart of a wall."""

    def __init__(
        self, chart: Chart, *, keys: str = "", classes: str = "", is_told: bool = False
    ) -> None:
        """`keys` are told at the lower right, after the marks. `is_told`: at 80 columns another
        line of the screen has the figure already, and its place has the marks."""
        super().__init__(chart, title=chart.title, hint=keys, classes=f"flush {classes}".strip())
        self.chart, self._keys, self._is_told = chart, keys, is_told

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        """Other keys may be the chart's now."""
        self.tell()

    def on_descendant_blur(self, _event: events.DescendantBlur) -> None:
        self.tell()

    @property
    def keys(self) -> str:
        """What is told of them."""
        return self._keys

    def on_resize(self) -> None:
        """What is read has another room."""
        self.tell()

    def on_chart_redrawn(self) -> None:
        """It has other numbers, or another place is read."""
        self.tell()

    def titled(self, title: str) -> Content:
        """Where there is no place for a hint its first keys are beside the title."""
        is_rule = self.screen.has_class("-narrow")
        keys = self.keys.partition(PART)[0] if is_rule and self.chart.has_curve else ""
        return Content.assemble(title, (f"  {keys}", "$context")) if keys else Content(title)

    def read(self, title: str) -> tuple[Content, Content] | None:
        """The line while something of the chart is read: that in full beside the title, without
        that where there is no room for both, and in fewer words where it has none alone."""
        if (reading := self.chart.reading()) is None:
            return None
        width = self.outer_size.width
        titles = self.titled(title), Content(title)
        for told in titles:
            needed = told.cell_length + len(PART) + reading.cell_length + AROUND
            if needed <= width or not width or self.chart.is_small:
                return told, reading
        return Content(""), self.chart.reading(width - AROUND) or reading

    def tell(self) -> None:
        is_told = self._is_told and self.screen.has_class("-narrow")
        legend = Content.styled(PART.join(self.chart.legend), "$context")
        figure = legend if is_told and self.chart.has_curve else self.chart.figure()
        told = self.titled(self.chart.title), figure
        self.title, self.figure = self.read(self.chart.title) or told
        self.hint = PART.join(filter(None, (*self.chart.legend, self.keys)))
