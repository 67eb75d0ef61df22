"""The probes: a line each, then and now, and a sentence on the one at the cursor."""

from textual import work
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static

from tui_trainer.protocol.updates import FollowProbes, Probe
from tui_trainer.reports.probes import ProbeReport
from tui_trainer.session.session import Session
from tui_trainer.terminal_text import visible, visible_token
from tui_trainer.widgets.dimmed import dimmed
from tui_trainer.widgets.line_table import Column, LineTable
from tui_trainer.widgets.prediction_table import TOKEN_WIDTH, token_cell
from tui_trainer.words import COMES
from tui_trainer.words.numbers import change as moved
from tui_trainer.words.numbers import nats, probability

EXAMPLES: tuple[str, ...] = (
    "def hello():\n\tprint",
    "def goodbye():\n\treturn",
    "import os",
    "2 + 2 =",
    "The cat sat on the",
)
"""From near to far of the notebook's string."""
COLUMNS = (
    Column("probe", 10, share=1),
    Column("start", 7, right=True),
    Column("now", 7, right=True),
    Column("change", 8, right=True),
    Column("next token", TOKEN_WIDTH + 2),
    Column("p start → now", 15),
)
NONE = "—"
LONGEST = 60  # characters of a probe in a sentence


class ProbeView(Container):
    """A sentence; a line a probe."""

    def __init__(self, session: Session, *, id: str) -> None:
        super().__init__(id=id)
        self._session = session
        self.texts = EXAMPLES
        """The probes: texts that are followed beside the one that is trained on."""
        self.reports: tuple[ProbeReport, ...] = ()

    def compose(self) -> ComposeResult:
        yield Static(COMES, id="probe-words")
        yield LineTable(id="probe-lines")

    @work(exclusive=True)
    async def start(self) -> None:
        """Have the probes measured before the first update: once, and not at every update."""
        if self._session.status is not None:
            await self._session.ask(FollowProbes(self.texts))

    async def read(self) -> None:
        """Ask for what became of each since."""
        with dimmed(self):
            reports = await self._session.ask(Probe(self.texts))
        if reports is not None:
            self.show(reports)

    def show(self, reports: tuple[ProbeReport, ...]) -> None:
        self.reports = reports
        self.query_one(LineTable).show(COLUMNS, len(reports), lambda row: probe_cells(reports[row]))
        self._tell(self.query_one(LineTable).cursor)

    def on_line_table_moved(self, event: LineTable.Moved) -> None:
        self._tell(event.row)

    def _tell(self, row: int) -> None:
        words = describe_probe(self.reports[row]) if self.reports else "No probes: e adds some."
        self.query_one("#probe-words", Static).update(Content(words))


def describe_probe(report: ProbeReport) -> str:
    """What was the most likely next token at the start, and what is now."""
    text = visible(report.text, limit=LONGEST)
    if report.start is None or report.now is None:
        return f"{text}: {visible(report.refused)} e edits the probes."
    then, now = report.start.likeliest, report.now.likeliest
    words = f"After {text} the likeliest token was {_token(then.text)} ({probability(then.p)})"
    if then.id == now.id:
        words += f" and still is ({probability(now.p)})"
    else:
        words += f" and is {_token(now.text)} ({probability(now.p)})"
    return f"{words}. Start: update {report.start.update}. ≠ marks another token than then."


def _token(text: str) -> str:
    shown = visible_token(text[:LONGEST])
    return shown or NONE


def probe_cells(report: ProbeReport) -> tuple[str, ...]:
    """The cells of one probe; p is that of the token that is the likeliest now."""
    text = visible(report.text, limit=200)
    if report.start is None or report.now is None:
        return (text, NONE, NONE, NONE, visible(report.refused), "")
    now, change = report.now, report.change
    other = "≠" if now.likeliest.id != report.start.likeliest.id else " "
    return (
        text,
        nats(report.start.loss),
        nats(now.loss),
        NONE if change is None else moved(change),
        f"{token_cell(now.likeliest.text)} {other}",
        f"{probability(now.p_at_start)} → {probability(now.likeliest.p)}",
    )
