"""The gradient norm of each update as a chart."""

from textual.content import Content

from tui_trainer.runs.series import Series
from tui_trainer.widgets.chart.chart import Chart
from tui_trainer.widgets.chart.panel import ChartPanel
from tui_trainer.widgets.chart.picture import Curve, Picture, points_on

EMPTY = "The gradient norm of each update comes here."


class GradientChart(Chart):
    """Add to `series` and call `redraw`."""

    def __init__(self) -> None:
        super().__init__(titled=False)
        self.series = Series()

    @property
    def title(self) -> str:
        return "gradient norm"

    def picture(self) -> Picture:
        curve = Curve(self.series, "grad norm", tell=_tell)
        curves = curve, *points_on(curve, self.view, self.size.width)
        return Picture(curves, self.title, EMPTY, "update", log=self.log_axis)

    def figure(self) -> Content:
        """The last of them."""
        last = self.series.last
        return Content("") if last is None else Content.styled(_tell(last), "bold")


class NormsPanel(ChartPanel):
    """Its title has the last norm, or the one that is read."""

    def __init__(self, chart: GradientChart) -> None:
        super().__init__(chart)
        self.id = "norms"


def _tell(norm: float) -> str:
    return f"{norm:.4g}"
