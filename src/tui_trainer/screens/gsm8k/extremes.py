"""The best and the worst item of a run so far, beside the last one where there is room."""

from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll

from tui_trainer.reports.steps import ItemReport, StepReport
from tui_trainer.widgets.panel import Panel
from tui_trainer.widgets.token_losses import TokenLosses
from tui_trainer.words.numbers import nats


class Extreme(Panel):
    """One of them, with the loss of each token; drawn anew only where it is another item."""

    def __init__(self, which: str) -> None:
        self._tokens = TokenLosses()
        super().__init__(VerticalScroll(self._tokens, can_focus=False), title=f"{which} so far")
        self._item: ItemReport | None = None

    def show(self, item: ItemReport | None) -> None:
        """None where no loss was finite."""
        if item is not self._item:
            self._item = item
            self.figure = "" if item is None else f"item {item.problem:,}  {nats(item.loss)} nats"
            tokens, losses = ((), ()) if item is None else (item.token_texts, item.token_losses)
            self._tokens.show(tokens, losses)


class Extremes(Container):
    """Not there before the first step."""

    def __init__(self) -> None:
        super().__init__(id="extremes", classes="-nothing")
        self._best, self._worst = Extreme("best"), Extreme("worst")

    def compose(self) -> ComposeResult:
        yield self._best
        yield self._worst

    def show(self, report: StepReport | None) -> None:
        self.set_class(report is None, "-nothing")
        if report is not None and self.screen.has_class("-broad"):
            self._best.show(report.best)
            self._worst.show(report.worst)
