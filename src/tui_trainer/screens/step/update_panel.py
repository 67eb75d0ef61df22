"""The update made last: what a glance wants of it, where the chart's title has no room for it."""

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from tui_trainer.reports.predictions import Prediction
from tui_trainer.reports.updates import UpdateReport
from tui_trainer.screens.step.update_losses import Made
from tui_trainer.screens.step.words import (
    describe_cell,
    describe_grad,
    describe_loss,
    describe_losses,
    describe_place,
    describe_prediction,
)
from tui_trainer.widgets.chart.loss_chart import LossChart
from tui_trainer.widgets.chart.panel import ChartPanel
from tui_trainer.widgets.chart_keys import FOLLOW_KEYS, READ_KEYS
from tui_trainer.widgets.panel import Panel
from tui_trainer.words import COMES
from tui_trainer.words.numbers import nats, seconds_of
from tui_trainer.words.signs import CONTEXT

LOG = "y log axis"


class UpdatePanel(Panel):
    """Two lines; only where the screen is narrow."""

    def __init__(self) -> None:
        super().__init__(title="update", id="update")
        self._facts = Static(COMES, id="facts")

    def compose(self) -> ComposeResult:
        yield self._facts

    def show(
        self,
        update: UpdateReport | None,
        prediction: Prediction | None,
        made: int,
        last: Made | None,
    ) -> None:
        """`made` updates lead to the weights; `prediction` is what they predict, and `last` the
        last of them, where phases made that, or it was redone."""
        self.title = describe_title(update, made)
        self.figure = "" if update is None else Content.styled(seconds_of(update.seconds), CONTEXT)
        self._facts.update(describe_facts(update, prediction, last))


def describe_title(update: UpdateReport | None, made: int) -> str:
    """Which update it was; where none here made the weights, how far they are."""
    return describe_place(made) if update is None else f"update {update.update:,}"


def describe_facts(
    update: UpdateReport | None, prediction: Prediction | None, last: Made | None
) -> Content:
    """The loss; the cell that made it, or the shapes where none did."""
    if update is not None:
        loss, more = describe_loss(update), describe_cell(update)
    elif prediction is not None:
        loss = describe_predicted(prediction, last)
        norm = None if last is None else last.grad_norm
        grad = () if norm is None else (describe_grad(norm), (" · ", CONTEXT))
        more = Content.assemble(*grad, (describe_prediction(prediction), CONTEXT))
    else:
        return Content("")
    return Content.assemble(("loss ", CONTEXT), loss, "\n", more)


def describe_predicted(prediction: Prediction, last: Made | None) -> Content:
    """The loss that the weights have, and which way it went where that is known."""
    if prediction.loss is None:
        return Content("unknown")
    if last is None:
        return Content.styled(f"{nats(prediction.loss)} nats", "bold")
    return describe_losses(last.loss, prediction.loss)


class LossesPanel(ChartPanel):
    """The chart of the losses of all updates; where there is room its title has the last one."""

    def __init__(self, chart: LossChart) -> None:
        super().__init__(chart)
        self.id = "losses"
        self._words: tuple[str, str | Content, str] = "loss", "", ""
        """Its title, what it tells where nothing of the chart is read, and what the update took."""

    def show(
        self,
        update: UpdateReport | None,
        prediction: Prediction | None,
        made: int,
        last: Made | None,
        curve: str,
    ) -> None:
        """As of `UpdatePanel`; where that one is on show it is not said twice. `curve` says whose
        the chart is, where it is not theirs."""
        if self.screen.has_class("-narrow"):
            self._words = "loss", describe_curve("nats", curve), ""
        else:
            took = "" if update is None else seconds_of(update.seconds)
            figure = describe_figure(update, prediction, last)
            figure = Content("  ").join(filter(None, (figure, describe_curve(curve))))
            self._words = describe_title(update, made), figure, took
        self.tell()

    @property
    def keys(self) -> str:
        """Without the focus w is the text's."""
        return FOLLOW_KEYS if self.chart.has_focus else READ_KEYS

    def tell(self) -> None:
        title, figure, took = self._words
        # What is read names its update: one is named, not two.
        self.title, self.figure = self.read(self.chart.title) or (self.titled(title), figure)
        self.hint = "   ".join(filter(None, (*self.chart.legend, took, self.keys, LOG)))


def describe_curve(*words: str) -> Content:
    return Content.styled(" · ".join(filter(None, words)), CONTEXT)


def describe_figure(
    update: UpdateReport | None, prediction: Prediction | None, last: Made | None
) -> Content:
    """The loss and the gradient, in the line of a panel."""
    norm: float | None
    if update is not None:
        loss, norm = describe_loss(update), update.grad_norm
    elif prediction is not None and prediction.loss is not None:
        loss = describe_predicted(prediction, last)
        norm = None if last is None else last.grad_norm
    else:
        return Content("")
    grad = () if norm is None else ("  ", ("grad norm ", CONTEXT), (f"{norm:.4g}", "bold"))
    return Content.assemble(("loss ", CONTEXT), loss, *grad)
