"""What train and eval mode do: the same text through the same weights, twice in each."""

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static

from tui_trainer.failures import Failure
from tui_trainer.protocol.predictions import ComparePasses
from tui_trainer.reports.predictions import PassesReport, Position, Prediction
from tui_trainer.session.session import Session
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.cell_text import piece
from tui_trainer.widgets.line_table import Column, LineTable
from tui_trainer.widgets.prediction_table import TOKEN_WIDTH
from tui_trainer.words.numbers import nats, probability

COLUMNS = (
    Column("#", 4, right=True),
    Column("token", TOKEN_WIDTH, share=1),
    Column("next token", TOKEN_WIDTH, share=1),
    Column("p train", 8, right=True),
    Column("again", 8, right=True),
    Column("p eval", 8, right=True),
    Column("again", 8, right=True),
)


class PassesView(Container):
    """Three sentences; a line a position, with p of its next token in each of the four passes."""

    def __init__(self, session: Session, text: Callable[[], str], *, id: str) -> None:
        super().__init__(id=id)
        self._session, self._text = session, text
        self.report: PassesReport | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="passes-words")
        yield LineTable(id="passes-positions")

    async def read(self) -> None:
        """Ask for the passes over the text as it is now."""
        text = self._text()
        report = await self._session.ask(ComparePasses(text), self._refuse)
        if report is not None and text == self._text():
            self.show(report)

    def show(self, report: PassesReport) -> None:
        self.report = report
        rows = len(report.eval[0].positions)
        self.query_one("#passes-words", Static).update(Content(describe_passes(report)))
        self.query_one(LineTable).show(COLUMNS, rows, lambda row: position_cells(report, row))

    def _refuse(self, failure: Failure) -> None:
        """A sentence says why there is nothing to show."""
        self.report = None
        sentence = self._session.sentence_of(failure)
        self.query_one("#passes-words", Static).update(Content(sentence))
        self.query_one(LineTable).show((), 0, lambda _row: ())


def describe_passes(report: PassesReport) -> str:
    """The losses of both modes, and what makes those of train mode differ."""
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
        return "There is no dropout now, so train mode is eval mode: d sets some."
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
