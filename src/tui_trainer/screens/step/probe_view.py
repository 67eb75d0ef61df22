"""The probes: a line each, then and now, and a sentence on the one at the cursor."""

from collections.abc import Sequence

from rich.cells import cell_len
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
from tui_trainer.words.numbers import nats, probability
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
NONE = "—"
LONGEST = 60  # characters of a probe in a sentence
LONGEST_NAME = 40  # cells of it in a row, for which other columns make room
LAYOUTS = (
    ("probe", "loss", "change", "token", "p"),
    ("probe", "loss", "change", "token"),
    ("probe", "loss", "change", "now", "p"),
    ("probe", "loss", "change", "now"),
)
"""The columns, with less after that."""


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
        columns = columns_for(reports, table.scrollable_content_region.width - len(MARK))
        names = tuple(columns)

        def cells(row: int) -> tuple[Cell, ...]:
            told = probe_cells(reports[row])
            return tuple(told[name] for name in names)

        table.show(tuple(columns.values()), len(reports), cells)

    def on_line_table_moved(self, event: LineTable.Moved) -> None:
        self._tell(event.row)

    def _tell(self, row: int) -> None:
        words = describe_probe(self.reports[row]) if self.reports else "No probes: e adds some."
        self.query_one("#probe-words", Static).update(Content(words))


def columns_for(reports: Sequence[ProbeReport], room: int) -> dict[str, Column]:
    """Those that leave the probes' own words room in so many cells; else the fewest."""
    wanted = min(LONGEST_NAME, max((cell_len(_name(report)) for report in reports), default=0))
    losses = 17 if any(loss >= 10 for report in reports for loss in _losses(report)) else 15
    columns = {
        "probe": Column("probe", 10, share=1),
        "loss": Column("loss then → now", losses),
        "change": Column("change", 8),
        "token": Column("next token", 2 * TOKEN + 3),
        "now": Column("next", TOKEN + 2),
        "p": Column("p then → now", 15),
    }
    layouts = [{name: columns[name] for name in names} for names in LAYOUTS]
    spare = max(0, wanted - columns["probe"].width)
    fitting = (one for one in layouts if spare + least_width(tuple(one.values())) <= room)
    return next(fitting, layouts[-1])


def _name(report: ProbeReport) -> str:
    return visible(report.text, limit=200)


def _losses(report: ProbeReport) -> tuple[float, ...]:
    """Then and now, where they are known."""
    both = report.start, report.now
    return tuple(one.loss for one in both if one is not None and one.loss is not None)


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


def probe_cells(report: ProbeReport) -> dict[str, Cell]:
    """The cells of one probe, by column; p is that of the token that is the likeliest now."""
    text = _name(report)
    if report.start is None or report.now is None:
        refused = visible(report.refused)
        return {
            "probe": text,
            "loss": refused,
            **dict.fromkeys(("change", "token", "now"), NONE),
            "p": "",
        }
    start, now = report.start, report.now
    return {
        "probe": text,
        "loss": f"{nats(start.loss):>6} → {nats(now.loss)}",
        "change": _change_cell(start.loss, now.loss),
        "token": _token_cell(start, now),
        "now": _now_cell(start, now),
        "p": f"{probability(now.p_at_start)} → {probability(now.likeliest.p)}",
    }


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


def _now_cell(start: ProbeStart, now: ProbeReading) -> Content:
    """The likeliest now; that it was another one is told by a sign."""
    token = token_cell(now.likeliest.text, TOKEN)
    if start.likeliest.id == now.likeliest.id:
        return Content.styled(token, CONTEXT)
    return Content.assemble(("→ ", CONTEXT), (token, "bold"))
