"""An item of a training loop with the loss of each of its tokens, and what is to be said."""

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui_trainer.reports.loop import SampleReport
from tui_trainer.reports.steps import ItemReport, StepReport
from tui_trainer.widgets.held_out_line import describe_sample
from tui_trainer.widgets.row_bar import describe_row
from tui_trainer.widgets.token_losses import LossLegend, TokenLosses
from tui_trainer.words.numbers import counted, nats

CUT = "cut to the model's context or row"
VIEWS = "last", "best", "worst"


class ItemPanel(Vertical):
    """The item of the last step, the best, the worst, or a sample; `next_view` goes round."""

    DEFAULT_CSS = """
    ItemPanel {
        #said { height: auto; max-height: 3; text-style: bold; display: none; }
        #item-title { height: 1; text-style: bold; text-wrap: nowrap; text-overflow: ellipsis; }
        #row { height: 1; display: none; color: $text-muted; text-wrap: nowrap; }
        VerticalScroll { height: 1fr; }
        #legend { height: 1; }
    }
    """

    def __init__(self) -> None:
        super().__init__(id="item")
        self.view = VIEWS[0]
        self._said = ""
        self._report: StepReport | None = None
        self._samples: SampleReport | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="said")
        yield Static(id="item-title")
        yield Static(id="row")
        with VerticalScroll(can_focus=False):
            yield TokenLosses()
        yield LossLegend(id="legend")

    def next_view(self) -> None:
        samples = self._samples.items if self._samples else ()
        views = [*VIEWS, *(f"sample {number}" for number in range(len(samples)))]
        self.view = views[(views.index(self.view) + 1) % len(views)]

    def show(
        self,
        said: str,
        report: StepReport | None,
        truncated: int,
        samples: SampleReport | None = None,
    ) -> None:
        """Draw it; `said` is fit for a terminal, `truncated` items of the run were cut so far."""
        self._samples, self._report = samples, report
        self._show_row()
        if samples is None and self.view not in VIEWS:
            self.view = VIEWS[0]
        words = self.query_one("#said", Static)
        if said != self._said:
            self._said = said
            words.update(Content(said))
            words.display = bool(said)
        title = self.query_one("#item-title", Static)
        if samples is not None and self.view not in VIEWS:
            number = int(self.view.removeprefix("sample "))
            heading, text = describe_sample(samples.items[number], samples.step)
            title.update(Content(heading), layout=False)
            self.query_one(TokenLosses).write(Content(text))
            return
        if report is None:
            title.update("", layout=False)
            self.query_one(TokenLosses).show((), ())
            return
        item = {"last": report.item, "best": report.best, "worst": report.worst}[self.view]
        if item is None:
            title.update(f"{self.view} so far: no loss was finite", layout=False)
            self.query_one(TokenLosses).show((), ())
            return
        title.update(Content(self._describe(item, truncated)), layout=False)
        self.query_one(TokenLosses).show(item.token_texts, item.token_losses)

    def on_resize(self) -> None:
        self._show_row()

    def _show_row(self) -> None:
        """The row of the last step, where more than one item, or padding, is in it."""
        row = self.query_one("#row", Static)
        report, width = self._report, self.content_size.width
        line = describe_row(report, width) if report is not None else ""
        row.display = bool(line)
        row.update(Content(line), layout=False)

    def _describe(self, item: ItemReport, truncated: int) -> str:
        which = "item" if self.view == "last" else f"{self.view} so far: item"
        parts = [f"{which} {item.problem:,}, {counted(len(item.token_texts), 'token')}"]
        if item.truncated:
            parts[0] += f", {CUT}"
        parts += [f"question {nats(item.question_loss)}", f"answer {nats(item.answer_loss)}"]
        if truncated and not item.truncated:
            was = "was" if truncated == 1 else "were"
            parts.append(f"{counted(truncated, 'item')} so far {was} {CUT}")
        return " · ".join(parts)
