"""Evaluation: scores with their intervals, each item's answer, and what training changed."""

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.protocol.events import LoopChanged, LoopState
from tui_trainer.protocol.loop_names import EVALUATION
from tui_trainer.protocol.loops import Evaluate
from tui_trainer.reports.evaluated_items import EvaluatedItem
from tui_trainer.reports.evaluation import Change, ComparedItem, EvaluationReport
from tui_trainer.screens.evaluation.beginning import is_wanted
from tui_trainer.screens.evaluation.compared import Compared
from tui_trainer.screens.evaluation.deletion import delete_asked
from tui_trainer.screens.evaluation.examples import AN_EXAMPLE, EXAMPLES
from tui_trainer.screens.evaluation.item import (
    EvaluatedItemDialog,
    ItemTexts,
    ItemTextsView,
    describe_item,
    describe_outcome,
)
from tui_trainer.screens.evaluation.keys import KEYS
from tui_trainer.screens.evaluation.scored import Scored
from tui_trainer.screens.evaluation.words import (
    describe_asked,
    describe_progress,
    describe_start,
    describe_tested,
    item_columns,
    name_among,
    row_cells,
)
from tui_trainer.screens.loop_panel import LoopPanel, LoopWords
from tui_trainer.screens.work_screen import ScreenOnTop
from tui_trainer.session.evaluations import Pairing
from tui_trainer.session.going_on import Act
from tui_trainer.session.session import Session
from tui_trainer.widgets.line_table import LineTable
from tui_trainer.widgets.panel import Panel
from tui_trainer.words.costs import evaluation_cost
from tui_trainer.words.scores import describe_outcomes

SHOW_SECONDS = 0.25
WORDS = LoopWords(
    none="No evaluation is running: e starts one.",
    begins="An evaluation is being started.",
    asked={LoopState.STOPPED: "It stops after this batch of answers."},
)
NOT_ENDED = "Select an evaluation that has ended."
FILTERS: tuple[Change | None, ...] = (None, *Change)


class EvaluationScreen(ScreenOnTop):
    """Opened over another screen; what it shows belongs to the session, and outlives it."""

    NAME = "gsm8k"
    AUTO_FOCUS = "#items"
    HELP = """\
Whether the model can do what it was trained for: it answers problems that it was not trained on,
greedily (always the most likely token), and each answer is scored by exact match, by the rules of
lm-evaluation-harness. Strict takes the number after the first '#### '; an answer without one is a
format failure ('no ####'), told apart from a wrong number. Flexible takes the last number,
whatever stands around it. Each answer is right, wrong or without ####; of these, 'cut' are those
that the token budget ended, whichever they are.

Strict counts: it asks for the form that the items teach. Flexible is beside it to tell a lost form
from a lost skill. Where one rises and the other falls, a line says why: answers without '#### ', or
answers that go on past it, as they do where training did not have the model learn where to stop.

The interval says how far the score of so few items can be from that of all there could be: with
95% confidence it holds the true one (Wilson).

Evaluate, train, and evaluate again: the two are compared item by item, from the less trained
weights to the more trained ones, whichever you evaluated first; b makes one the baseline, which the
others are compared with. Fixed is an item that is right after and was not before, broken the
reverse. Where the interval of a rise does not hold zero, the rise is hardly chance. Training on
GSM8K often teaches the form first: look at what was answered, t, before you believe a score.

An evaluation is of one state of the weights, so a loop that trains is paused for it, and nothing
can change the weights while it runs. Everything else goes on. s stops it; what was scored stays.
Each is kept in a file of its own, in the folder evaluations beside that of the runs, as
`tui-trainer eval --json` writes it and `eval --before` reads it: the last 20 are listed, those of
earlier sessions with their date; `tui-trainer evaluations` lists all. d deletes one, and none goes
by itself."""

    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]

    def __init__(self, session: Session, *, evaluate: bool = False) -> None:
        """`evaluate` starts one at once."""
        super().__init__(session)
        self._evaluate_first = evaluate
        self._chosen: int | None = None
        """The row that the user selected; None follows the newest."""
        self._filter: Change | None = None
        self.pairing: Pairing | None = None
        """The selected evaluation beside the one it is compared with."""
        self.items: tuple[EvaluatedItem, ...] = ()
        """Those in the table."""
        self._compared: dict[int, ComparedItem] = {}
        """By the item's index in the data set."""
        self.loop = LoopPanel(
            self,
            EVALUATION,
            WORDS,
            add=session.evaluations.add,
            show=self._show_all,
            changed=self._on_loop,
            show_seconds=SHOW_SECONDS,
            adopt=lambda _: None,
        )

    def body(self) -> Iterable[Widget]:
        yield Scored(self.session.evaluations)
        yield Compared(self.session.evaluations)
        with Panel(title="items", id="listed", hint="f filter · t texts"):
            yield LineTable(id="items")
        with Panel(title="item", id="read"):
            yield Static(id="item-facts")
            yield ItemTextsView(can_focus=False)

    def on_mount(self) -> None:
        self.loop.follow()
        self._recall()
        self._show_all()
        if self._evaluate_first:
            self.action_evaluate()

    @work
    async def _recall(self) -> None:
        """Those of earlier sessions are listed too."""
        evaluations = self.session.evaluations
        evaluations.recall(await asyncio.wrap_future(evaluations.kept.earlier()))
        self._show_all()

    def on_screen_resume(self) -> None:
        self._show_all()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_all)

    def word_for(self, name: str, label: str) -> str:
        """One that runs is stopped; without one there is nothing to look at."""
        is_there = {
            "evaluate": not self.loop.is_live and not self.session.why_not(Act.EVALUATE),
            "stop": self.loop.is_live,
            "texts": bool(self.items),
            "filter": bool(self._compared),
            "earlier": len(self.session.evaluations.all) > 1,
            "later": len(self.session.evaluations.all) > 1,
            "before": self._has_ended,
            "delete": self._has_ended,
        }
        return super().word_for(name, label) if is_there.get(name, True) else ""

    @property
    def selected(self) -> EvaluationReport | None:
        """The evaluation on show."""
        reports = self.session.evaluations.all
        return reports[self._row] if reports else None

    @property
    def _has_ended(self) -> bool:
        """Whether there is one on show, and it is not the one under way."""
        selected = self.selected
        return selected is not None and selected is not self.session.evaluations.current

    @property
    def _row(self) -> int:
        """Of the one on show, from 0."""
        last = len(self.session.evaluations.all) - 1
        return last if self._chosen is None else max(0, min(self._chosen, last))

    # What is shown

    def _on_loop(self, _: LoopChanged) -> None:
        if self.is_current:
            self._show_all()

    def _show_all(self) -> None:
        self.loop.was_shown()
        self.follow_keys()
        self.query_one(Scored).show(self._row, self.loop.said)
        self.show_waiting()
        report = self.selected
        if report is None:
            self._show_none()
            return
        self._compare(report)
        self._show_items(report)

    def _show_none(self) -> None:
        """There is no evaluation: an example says how an answer is scored."""
        self.pairing, self._compared, self.items = None, {}, EXAMPLES
        self.query_one(Compared).show(None)
        listed = self.query_one("#listed", Panel)
        listed.title, listed.figure = "items", "how an answer is scored"
        self._show_rows()

    @property
    def _is_wide(self) -> bool:
        return self.has_class("-wide")

    def show_waiting(self) -> None:
        self.query_one(Scored).show_progress(self._describe_progress())

    def _describe_progress(self) -> Content:
        """Of the one under way, else of the last one, though nothing was kept of it."""
        evaluations = self.session.evaluations
        state = self.session.loops.get(EVALUATION)
        if self.session.is_starting(EVALUATION):
            return Content(describe_start(evaluations.next.settings))
        if state is None:
            return Content("e evaluates the weights as they are now")
        report = evaluations.current if self.loop.is_live else evaluations.last
        stops = self.session.pending.state_of(EVALUATION) is not None
        return describe_progress(report, state, stops=stops, wide=self._is_wide)

    def _compare(self, report: EvaluationReport) -> None:
        """Pair its items with those of another evaluation."""
        self.pairing = pairing = self.session.evaluations.pairing(report)
        self.query_one(Compared).show(pairing)
        if pairing is None:
            self._compared = {}
            return
        is_before = pairing.before is report
        self._compared = {
            (pair.before if is_before else pair.after).problem: pair
            for pair in pairing.comparison.items
        }

    def _show_items(self, report: EvaluationReport) -> None:
        if not self._compared:
            self._filter = None
        by_problem = sorted(report.items, key=lambda item: item.problem)
        self.items = tuple(item for item in by_problem if self._is_wanted(item))
        figure = describe_outcomes(report.tally) if report.items else ""
        if self._filter is not None:
            figure = f"{self._filter.value}, {len(self.items):,} of {len(report.items):,}"
        listed = self.query_one("#listed", Panel)
        listed.title, listed.figure = describe_tested(report.settings), figure
        self._show_rows()

    def _show_rows(self) -> None:
        items, compared, broad = self.items, self._compared, self.has_class("-broad")
        self.query_one("#items", LineTable).show(
            item_columns(broad=broad),
            len(items),
            lambda row: row_cells(items[row], compared.get(items[row].problem), broad=broad),
        )
        self._show_texts()

    def _show_texts(self) -> None:
        """The item under the cursor, where there is room beside the table."""
        if not self._is_wide:
            return
        table, panel = self.query_one("#items", LineTable), self.query_one("#read", Panel)
        item = self.items[table.cursor] if self.items else None
        panel.title = "item" if item is None else f"tested item {item.problem:,}"
        panel.figure = "" if item is None else describe_outcome(item)
        self.say("item-facts", "" if item is None else describe_item(item))
        self.query_one(ItemTextsView).show(None if item is None else self._texts(item))

    def _is_wanted(self, item: EvaluatedItem) -> bool:
        if self._filter is None:
            return True
        pair = self._compared.get(item.problem)
        return pair is not None and pair.change is self._filter

    # Evaluate

    @work
    async def action_evaluate(self) -> None:
        if self.loop.begins():
            return
        if self.loop.is_live:
            self.notify("An evaluation is running: s stops it.", markup=False)
        elif not self.session.refuses(Act.EVALUATE) and await is_wanted(self.session):
            await self._begin()
            self.show_waiting()

    async def _begin(self) -> None:
        self.loop.pause_training()
        if await self.loop.begin(Evaluate(self.session.evaluations.next.settings)):
            self._chosen = None
            self._filter = None
            self._show_all()

    def action_stop(self) -> None:
        self.loop.stop()

    @work
    async def action_settings(self, at: str = "") -> None:
        following, status = self.session.evaluations.next, self.session.status
        last = None if status is None else self.session.evaluations.last_of(status.model.name)
        heading = "Settings of the next evaluation"
        if await self.loop.ask_settings(heading, following, lambda s: evaluation_cost(s, last), at):
            self.notify(f"Next: {describe_asked(following.settings)}", markup=False)
            self._show_all()

    # Look

    def action_select(self, by: int) -> None:
        self._select(self._row + by)

    def on_line_table_moved(self, event: LineTable.Moved) -> None:
        if event.table.id == "evaluations":
            self._select(event.row)
        else:
            self._show_texts()

    def _select(self, row: int) -> None:
        last = len(self.session.evaluations.all) - 1
        self._chosen = max(0, row) if row < last else None
        self._show_all()

    def action_before(self) -> None:
        """Compare the others with the selected one, once it has ended; the panel says so."""
        report = self.selected
        if report is None or not self._has_ended:
            self.notify(NOT_ENDED, markup=False)
            return
        self.session.evaluations.chosen = report
        self._show_all()

    @work
    async def action_delete(self) -> None:
        report, row = self.selected, self._row
        if report is None or not self._has_ended:
            self.notify(NOT_ENDED, markup=False)
            return
        await delete_asked(self.session, report)
        self._select(row)

    def action_filter(self) -> None:
        if not self._compared:
            self.notify("There is nothing to compare with yet.", markup=False)
            return
        self._filter = FILTERS[(FILTERS.index(self._filter) + 1) % len(FILTERS)]
        self.query_one("#items", LineTable).cursor = 0
        self._show_all()

    @work
    async def action_texts(self) -> None:
        """The raw texts of the item under the cursor, and of its neighbours in the table."""
        if not self.items:
            self.notify("There is no item here to read.", markup=False)
            return
        table = self.query_one("#items", LineTable)
        texts = tuple(map(self._texts, self.items))
        place = await self.app.push_screen_wait(EvaluatedItemDialog(texts, table.cursor))
        if place is not None:
            table.cursor = place

    def _texts(self, item: EvaluatedItem) -> ItemTexts:
        report, pairing = self.selected, self.pairing
        by = AN_EXAMPLE if report is None else name_among(self.session.evaluations, report)
        pair = self._compared.get(item.problem)
        if pair is None or pairing is None:
            return ItemTexts(item, by)
        is_before = pairing.before is report
        other = pairing.after if is_before else pairing.before
        other_by = name_among(self.session.evaluations, other)
        return ItemTexts(item, by, pair.after if is_before else pair.before, other_by)
