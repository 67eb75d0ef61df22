"""An item of a training loop with the loss of each of its tokens, and what is to be said."""

import time

from textual.containers import VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from tui_trainer.reports.items import ItemTokens
from tui_trainer.reports.loop import SampleReport
from tui_trainer.reports.steps import ItemReport, StepReport
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.panel import Panel
from tui_trainer.widgets.row_bar import describe_row
from tui_trainer.widgets.sample_words import describe_sample
from tui_trainer.widgets.token_losses import TokenLosses, legend, ramp
from tui_trainer.words.numbers import counted, nats

CUT = "cut to the model's context or row"
VIEWS = "last", "best", "worst"
READ_SECONDS = 2.0
"""So long each item of a loop that runs is on show: its text and losses are as many bytes for the
terminal as all else that a step changes."""


class ItemPanel(Panel):
    """The item of the last step, the best, the worst, or a sample; `next_view` goes round.

    Before the first step it is the item that a run would begin with.
    """

    DEFAULT_CSS = """
    ItemPanel {
        #said { height: auto; max-height: 4; text-style: bold; display: none; }
        #losses { height: 1; text-wrap: nowrap; text-overflow: ellipsis; display: none; }
        #row { height: 1; display: none; color: $context; }
        #row { text-wrap: nowrap; text-overflow: ellipsis; }
        VerticalScroll { height: 1fr; }
    }
    """

    def __init__(self) -> None:
        self._words = Static(id="said")
        self._losses, self._row = Static(id="losses"), Static(id="row")
        self._tokens = TokenLosses()
        text = VerticalScroll(self._tokens, can_focus=False)
        super().__init__(self._words, self._losses, self._row, text, title="item", id="item")
        self.view = VIEWS[0]
        self._said = ""
        self._report: StepReport | None = None
        self._samples: SampleReport | None = None
        self._truncated = 0
        self.first: ItemTokens | None = None
        """The item of the first step of the next run."""
        self._shown_at = 0.0
        self._later: Timer | None = None

    def next_view(self) -> None:
        samples = self._samples.items if self._samples else ()
        views = [*VIEWS, *(f"sample {number}" for number in range(len(samples)))]
        self.view = views[(views.index(self.view) + 1) % len(views)]
        self._shown_at = 0.0  # a key's answer does not wait

    def show(
        self,
        said: Content,
        report: StepReport | None,
        truncated: int,
        samples: SampleReport | None = None,
        running: bool = False,
    ) -> None:
        """Draw it; `said` is fit for a terminal, `truncated` items of the run were cut so far.

        While the loop is `running` an item stays until it was to be read.
        """
        self._samples, self._report, self._truncated = samples, report, truncated
        if said.plain != self._said:
            self._said = said.plain
            self._words.update(said)
            self._words.display = bool(said)
        if self._later is not None:
            self._later.stop()
        left = self._shown_at + READ_SECONDS - time.monotonic()
        if running and report is not None and left > 0:
            self._later = self.set_timer(left, self._show)
        else:
            self._show()

    def _show(self) -> None:
        samples, report = self._samples, self._report
        self._shown_at = 0.0 if report is None else time.monotonic()
        self._show_row()
        if samples is None and self.view not in VIEWS:
            self.view = VIEWS[0]
        if samples is not None and self.view not in VIEWS:
            number = int(self.view.removeprefix("sample "))
            heading, text = describe_sample(samples.items[number], samples.step)
            self._entitle(heading, "")
            self._tokens.write(Content(text))
        elif report is None:
            self._show_first()
        else:
            found = {"last": report.item, "best": report.best, "worst": report.worst}
            self._show_item(found[self.view], self._truncated)

    def _show_first(self) -> None:
        """No item was trained on yet: the one that will be, whose tokens have no loss."""
        first = self.first
        if first is None:
            self._entitle("item", "")
            self._tokens.show((), ())
            return
        self._entitle(f"item {first.problem:,}, {counted(len(first.ids), 'token')}", "")
        self._tokens.write(Content(visible(first.text, newline="⏎\n")))

    def _show_item(self, item: ItemReport | None, truncated: int) -> None:
        if item is None:
            self._entitle(f"{self.view} so far: no loss was finite", "")
            self._tokens.show((), ())
            return
        title, losses = self._describe(item, truncated)
        self._entitle(title, losses)
        self._tokens.show(item.token_texts, item.token_losses)

    def _entitle(self, title: str, losses: str) -> None:
        """At 80 columns the title has room for the losses; else they have a line. Without any there
        is no legend."""
        beside = self.screen.has_class("-narrow")
        self.title = f"{title} · {losses}" if beside and losses else title
        self.hint = legend(ramp(self.app)) if losses else ""
        self._losses.display = bool(losses) and not beside
        self._losses.update(Content(losses))

    def on_resize(self) -> None:
        super().on_resize()
        self._show_row()

    def _show_row(self) -> None:
        """The row of the last step, where more than one item, or padding, is in it."""
        report, width = self._report, self.content_size.width
        line = describe_row(report, width) if report is not None else ""
        self._row.display = bool(line)
        self._row.update(Content(line))

    def _describe(self, item: ItemReport, truncated: int) -> tuple[str, str]:
        which = "item" if self.view == "last" else f"{self.view} so far: item"
        title = f"{which} {item.problem:,}, {counted(len(item.token_texts), 'token')}"
        if item.truncated:
            title += f", {CUT}"
        losses = [f"question {nats(item.question_loss)}", f"answer {nats(item.answer_loss)}"]
        if truncated and not item.truncated:
            was = "was" if truncated == 1 else "were"
            losses.append(f"{counted(truncated, 'item')} so far {was} {CUT}")
        return title, " · ".join(losses)
