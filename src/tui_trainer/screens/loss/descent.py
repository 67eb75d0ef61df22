"""What training would do to the row of logits: its loss after each step against the gradient."""

import asyncio

from textual import work
from textual.app import ComposeResult
from textual.content import Content

from tui_trainer.protocol.predictions import Descend
from tui_trainer.reports.labelled_logits import CrossEntropyReport, LabelledLogits
from tui_trainer.session.session import Session
from tui_trainer.widgets.line_table import Column, LineTable
from tui_trainer.widgets.panel import Panel
from tui_trainer.words.numbers import nats, probability
from tui_trainer.words.signs import change

LR = 1.0  # of the logits themselves: a model's weights take far less
COLUMNS = (
    Column("step", 4, right=True),
    Column("loss", 7, right=True),
    Column("p", 6, right=True),
    Column("logit", 7, right=True),
)
"""Of the label."""
ALL_LOGITS = Column("all logits", 10, share=1)
ROOM_FOR_ALL = 56


class DescentPanel(Panel):
    """As many steps as there is room for; what cannot be seen is not asked for."""

    def __init__(self, session: Session, *, id: str) -> None:
        super().__init__(title="steps down", hint=f"logits -= {LR:g} * grad", id=id)
        self.session = session
        self.reports: tuple[CrossEntropyReport, ...] = ()
        self._question: LabelledLogits | None = None
        self._answered: Descend | None = None
        self._asking = asyncio.Lock()

    def compose(self) -> ComposeResult:
        table = LineTable(id="steps")
        table.can_focus = False  # the keys are the screen's
        yield table

    @property
    def table(self) -> LineTable:
        return self.query_one(LineTable)

    def show(self, report: CrossEntropyReport | None) -> None:
        """Go down from there; None while the figures of the logits on show are not known."""
        self._question = None if report is None else report.question
        if report is None:
            self._answered = None
            self._draw(())
        self._descend()

    def on_resize(self) -> None:
        self._descend()

    def _to_ask(self) -> Descend | None:
        """None where that is on show, or nothing can be."""
        steps = self.table.scrollable_content_region.height - 2  # the head, and step 0
        if self._question is None or steps < 1 or not self.is_on_screen:
            return None
        asked = Descend(self._question, steps, LR)
        return None if asked == self._answered else asked

    @work
    async def _descend(self) -> None:
        if self._asking.locked():
            return
        async with self._asking:
            while (asked := self._to_ask()) is not None:
                reports = await self.session.ask(asked)
                self._answered = asked
                if reports is not None and asked.question == self._question:
                    self._draw(reports)

    def _draw(self, reports: tuple[CrossEntropyReport, ...]) -> None:
        self.reports = reports
        self.figure = describe_descent(reports)
        has_room = self.table.scrollable_content_region.width >= ROOM_FOR_ALL
        columns = (*COLUMNS, ALL_LOGITS) if has_room else COLUMNS
        rows = [step_cells(step, report)[: len(columns)] for step, report in enumerate(reports)]
        self.table.show(columns, len(rows), rows.__getitem__)


def describe_descent(reports: tuple[CrossEntropyReport, ...]) -> Content:
    """From where to where."""
    if not reports:
        return Content("")
    first, last = reports[0].loss, reports[-1].loss
    sign = change(first, last)
    return Content.assemble((f"{nats(first)} → {nats(last)} ", "bold"), sign)


def step_cells(step: int, report: CrossEntropyReport) -> tuple[str, ...]:
    """What stands after that many steps."""
    logits = [f"{round(logit, 2) + 0.0:.2f}" for logit in report.question.logits]
    p, logit = probability(report.label_probability), logits[report.question.label]
    return str(step), nats(report.loss), p, logit, " ".join(logits)
