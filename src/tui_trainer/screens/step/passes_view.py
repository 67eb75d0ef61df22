"""What train and eval mode do: the same text through the same weights, twice in each."""

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from tui_trainer.reports.predictions import PassesReport, Position, Prediction
from tui_trainer.screens.step.view import View
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.cell_text import piece
from tui_trainer.widgets.line_table import Column, LineTable
from tui_trainer.words import COMES
from tui_trainer.words.numbers import nats, probability

COLUMNS = (
    Column("#", 3, right=True),
    Column("token", 7, share=1),
    Column("next", 7, share=1),
    Column("p train", 7, right=True),
    Column("again", 7, right=True),
    Column("p eval", 7, right=True),
    Column("again", 7, right=True),
)
NO_DROPOUT = "There is no dropout now, so train mode is eval mode: d sets some."


class PassesView(View):
    """Three sentences; a line a position, with p of its next token in each of the four passes."""

    def __init__(self, *, id: str) -> None:
        super().__init__(title="train and eval mode", hint="t mode  d dropout", id=id)
        self.report: PassesReport | None = None

    def compose(self) -> ComposeResult:
        yield Static(COMES, id="passes-words")
        yield LineTable(id="passes-positions")

    def show(self, report: PassesReport) -> None:
        self.report = report
        rows = len(report.eval[0].positions)
        self.query_one("#passes-words", Static).update(Content(describe_passes(report)))
        self.query_one(LineTable).show(COLUMNS, rows, lambda row: position_cells(report, row))

    def refuse(self, why: str) -> None:
        """A sentence says why there is nothing to show."""
        self.report = None
        self.query_one("#passes-words", Static).update(Content(visible(why)))
        self.query_one(LineTable).show((), 0, lambda _row: ())


def describe_passes(report: PassesReport) -> str:
    """The losses of both modes, and what makes those of train mode differ; of four passes that are
    all the same once what they are."""
    first = report.eval[0]
    if not report.dropout and all(one == first for one in (*report.train, *report.eval)):
        loss = "unknown" if first.loss is None else nats(first.loss)
        return f"{NO_DROPOUT} All four passes have the loss {loss}, the same to the bit."
    train = f"train mode, dropout {report.dropout:g}: {describe_pair(report.train)}"
    evaluation = f"eval mode, nothing dropped: {describe_pair(report.eval)}"
    return f"{train}\n{evaluation}\n{describe_dropped(report)}"


def describe_pair(pair: tuple[Prediction, Prediction]) -> str:
    losses = " and ".join(
        "unknown" if passed.loss is None else nats(passed.loss) for passed in pair
    )
    alike = "the same to the bit" if pair[0] == pair[1] else "which differ"
    return f"loss {losses}, {alike}"


def describe_dropped(report: PassesReport) -> str:
    """What train mode drops; without dropout, why both modes are the same."""
    if not report.dropout:
        return NO_DROPOUT
    return visible(report.dropped)


def position_cells(report: PassesReport, row: int) -> tuple[str, ...]:
    passes = (*report.train, *report.eval)
    position = report.eval[0].positions[row]
    expected = "" if position.expected is None else piece(position.expected.text)
    return (
        str(position.index),
        piece(position.text),
        expected,
        *(p_of_next(passed.positions[row]) for passed in passes),
    )


def p_of_next(position: Position) -> str:
    return "" if position.expected is None else probability(position.expected.p).strip()
