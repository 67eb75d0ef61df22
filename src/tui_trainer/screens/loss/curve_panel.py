"""The curve of -log p in its panel, whose keys are told of once it has the focus."""

from textual.content import Content

from tui_trainer.widgets.chart.cross_entropy_curve import GUESS, POINT, CrossEntropyCurve
from tui_trainer.widgets.chart.panel import ChartPanel
from tui_trainer.widgets.chart_keys import READ_KEYS

MARKS = Content.assemble((POINT, "bold $attention"), " the label  ", GUESS, " a guess among all")


class CurvePanel(ChartPanel):
    """Its title has what is read, else which mark is which."""

    def __init__(self) -> None:
        super().__init__(CrossEntropyCurve())

    def on_mount(self) -> None:
        self.tell()

    @property
    def keys(self) -> str:
        return READ_KEYS if self.chart.has_focus else "y log axis of p  tab reads it"

    def tell(self) -> None:
        self.title, self.figure = self.read("-log p") or (Content("-log p"), MARKS)
        self.hint = self.keys
