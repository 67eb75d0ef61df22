"""The gradient norm of each update as a chart."""

from collections.abc import Iterable

from textual.content import Content

from tui_trainer.runs.series import Series
from tui_trainer.widgets.chart.chart import Chart
from tui_trainer.widgets.chart.panel import ChartPanel
from tui_trainer.widgets.chart.picture import Curve, Picture, points_on

EMPTY = """\
The gradient norm of each update comes here.
How steep the loss is there: the root of the sum of the squares of all gradients that backward \
leaves. It falls with the loss as the model learns the text."""
OF_LAYER = "The gradient norm of the layer at the cursor comes here with the first update."


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
        return Picture(curves, self.title, self.empty, "update", log=self.log_axis)

    @property
    def empty(self) -> str:
        """What stands there before there is a norm."""
        return EMPTY

    def figure(self) -> Content:
        """The last of them."""
        last = self.series.last
        return Content("") if last is None else Content.styled(_tell(last), "bold")


class LayerChart(GradientChart):
    """That of one layer, at the updates that are kept."""

    def __init__(self) -> None:
        super().__init__()
        self._layer = ""

    @property
    def title(self) -> str:
        return f"gradient of {self._layer}" if self._layer else "gradient"

    @property
    def empty(self) -> str:
        return OF_LAYER

    def show(self, layer: str, norms: Iterable[tuple[int, float]]) -> None:
        """`layer` fit for a terminal; of each update its norm."""
        self._layer, self.series = layer, Series()
        for update, norm in norms:
            self.series.append(update, norm)
        self.redraw()


class NormsPanel(ChartPanel):
    """Its title has the last norm, or the one that is read."""

    def __init__(self, chart: GradientChart) -> None:
        super().__init__(chart)
        self.id = "norms"


def _tell(norm: float) -> str:
    return f"{norm:.4g}"
