"""The probes: a line each, then and now, and a sentence on the one at the cursor."""

from textual import work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from tui_trainer.protocol.updates import FollowProbes
from tui_trainer.reports.probes import ProbeReading, ProbeReport, ProbeStart
from tui_trainer.screens.step.view import View
from tui_trainer.session.session import Session
from tui_trainer.terminal_text import visible, visible_token
from tui_trainer.widgets.cell_text import token_cell
from tui_trainer.widgets.line_table import MARK, Cell, Column, LineTable, least_width
from tui_trainer.words import COMES
from tui_trainer.words.numbers import nats, nats_cell, probability
from tui_trainer.words.signs import CONTEXT, change

EXAMPLES: tuple[str, ...] = (
    "def hello():\n\tprint",
    "def goodbye():\n\treturn",
    "import os",
    "2 + 2 =",
    "The cat sat on the",
)
"""From near to far of the notebook's string."""
TOKEN = 7
COLUMNS = (
    Column("probe", 10, share=1),
    Column("loss then → now", 17),
    Column("change", 9),
    Column("next token", 2 * TOKEN + 3),
)
WITH_P = (*COLUMNS, Column("p then → now", 15))
"""Where there is room for it."""
NONE = "—"
LONGEST = 60  # characters of a probe in a sentence


class ProbeView(View):
    """A line a probe; a sentence on the one at the cursor."""

    def __init__(self, session: Session, *, id: str) -> None:
        super().__init__(title="probes: what else changed", hint="e edits", id=id)
        self._session = session
        self.texts = EXAMPLES
        """The probes: texts that are followed beside the one that is trained on."""
        self.reports: tuple[ProbeReport, ...] = ()

    def compose(self) -> ComposeResult:
        yield LineTable(id="probe-lines")
        yield Static(COMES, id="probe-words")

    @work(exclusive=True)
    async def start(self) -> None:
        """Have the probes measured before the first update: once, and not at every update."""
        if self._session.status is not None:
            await self._session.ask(FollowProbes(self.texts))

    def show(self, reports: tuple[ProbeReport, ...]) -> None:
        self.reports = reports
        self.figure = describe_changes(reports)
        self._draw()
        self._tell(self.query_one(LineTable).cursor)

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        table, reports = self.query_one(LineTable), self.reports
        room = table.scrollable_content_region.width - len(MARK)
        columns = WITH_P if least_width(WITH_P) <= room else COLUMNS
        cells = len(columns)
        table.show(columns, len(reports), lambda row: probe_cells(reports[row])[:cells])

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
    then_was = f"update {report.start.update:,}" if report.start.update else "as loaded"
    return f"{words}. Then: {then_was}."


def _token(text: str) -> str:
    shown = visible_token(text[:LONGEST])
    return shown or NONE


def describe_changes(reports: tuple[ProbeReport, ...]) -> Content:
    """Of how many the loss fell, and of how many it rose."""
    changes = [report.change for report in reports if report.change is not None]
    counts = sum(by < 0 for by in changes), sum(by > 0 for by in changes)
    signs = change(1.0, 0.0), change(0.0, 1.0)
    told = [sign.said(str(count)) for sign, count in zip(signs, counts, strict=True) if count]
    return Content("  ").join(Content.assemble(part) for part in told)


def probe_cells(report: ProbeReport) -> tuple[Cell, ...]:
    """The cells of one probe; p is that of the token that is the likeliest now."""
    text = visible(report.text, limit=200)
    if report.start is None or report.now is None:
        return (text, visible(report.refused), NONE, NONE, "")
    start, now = report.start, report.now
    return (
        text,
        f"{nats_cell(start.loss)} → {nats(now.loss)}",
        _change_cell(start.loss, now.loss),
        _token_cell(start, now),
        f"{probability(now.p_at_start)} → {probability(now.likeliest.p)}",
    )


def _change_cell(before: float | None, after: float | None) -> Cell:
    if before is None or after is None:
        return NONE
    return Content.assemble(change(before, after).said(nats(abs(after - before))))


def _token_cell(start: ProbeStart, now: ProbeReading) -> Content:
    """The likeliest then; where it is another one now, which."""
    before, after = (token_cell(at.likeliest.text, TOKEN) for at in (start, now))
    if start.likeliest.id == now.likeliest.id:
        return Content.styled(before, CONTEXT)
    return Content.assemble((f"{before} → ", CONTEXT), (after, "bold"))
