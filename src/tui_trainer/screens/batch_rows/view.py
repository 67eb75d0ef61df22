"""Rows: what the model got in a step, position by position, and the sum that is its loss."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.containers import Horizontal, ScrollableContainer
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.failures import Failure
from tui_trainer.protocol.events import LoopChanged
from tui_trainer.protocol.loop_names import GSM8K
from tui_trainer.protocol.request import Request
from tui_trainer.reports.rows import BatchRow, StepRows
from tui_trainer.screens.batch_rows.keys import KEYS
from tui_trainer.screens.batch_rows.words import (
    columns,
    describe_position,
    describe_rows,
    position_cells,
    row_figure,
    sight_figure,
    sum_figure,
)
from tui_trainer.screens.work_screen import ScreenOnTop
from tui_trainer.session.session import Session
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.line_table import LineTable
from tui_trainer.widgets.panel import Panel
from tui_trainer.widgets.row_bar import row_bar
from tui_trainer.widgets.sight_map import LEGEND, SightMap
from tui_trainer.widgets.token_losses import legend, ramp
from tui_trainer.words.rows import describe_way, part_of

READING = "The rows come with the next step."


@dataclass(frozen=True)
class AskedRows:
    """Rows that can be looked at."""

    name: str
    """What they are of."""
    request: Request[StepRows]


class RowsScreen(ScreenOnTop):
    """Of the loop over items, opened over its screen.

    It asks once, and when the run pauses or ends: what it shows does not move under the cursor. Its
    keys mean nothing else one escape further, where a run may be paused.
    """

    NAME = "gsm8k"
    AUTO_FOCUS = "#positions"
    HELP = """\
A row as the model gets it: no text any more, but at each position a token ID, and beside it what
goes into the forward pass (position, mask) and into the loss (label). A position or a mask in grey
is not given to the model, which counts from 0 then and takes every position for text.

The label of a position is the token at the next one, '= next': the labels are the IDs shifted by
one, so each is the ID of the line below. It is -100 where nothing counts: at the last token of an
item, at padding, between two packed items, and at the question where the loss counts the answer
alone. The loss of such a token is shown where there is one, in grey: it is in no sum.

The sum of the losses that count, divided by how many they are in all rows of the step, is the
step's loss: both are on top. A step of several passes divides by the labels of them all, or a token
in a short pass would weigh more than one in a long one.

Who sees whom is read off what the layers of this model are given: a mask, or where the items are
cut. ◣ is an item that sees itself, each token up to it. Where an item sees another of its row, it
is marked: in packed rows that would be a leak.

This only looks: no key here trains. r reads the rows again while a run goes."""

    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]

    def __init__(self, session: Session, asked: Sequence[AskedRows]) -> None:
        """`asked` are what can be looked at, the first at once."""
        super().__init__(session)
        self._asked = asked
        self._which = 0
        self.rows: StepRows | None = None
        self.number = 0
        """Of the row on show."""

    def body(self) -> Iterable[Widget]:
        with Panel(title="rows", id="step"):
            yield Static(READING, id="about")
            yield Static(id="bar")
        with Horizontal(id="row"):
            with Panel(title="positions", id="in-row"):
                yield LineTable(id="positions")
            with Panel(title="who sees whom", id="sight"), ScrollableContainer():
                yield SightMap(id="map")
                yield Static(LEGEND, id="legend", classes="hint")
                yield Static(id="way")
        yield Static(id="position", classes="details")

    def on_mount(self) -> None:
        self.session.loop_changed.subscribe(self, self._on_loop)
        self._read()

    def on_resize(self) -> None:
        if self.rows is not None:
            self.call_after_refresh(self._show_row)

    def word_for(self, name: str, label: str) -> str:
        """Only what can be done now."""
        can = {
            "which-step": len(self._asked) > 1,
            "row-before": self.number > 0,
            "row-after": self.rows is not None and self.number + 1 < len(self.rows.rows),
            "who-sees-whom": self.has_class("-narrow"),
        }
        return super().word_for(name, label) if can.get(name, True) else ""

    # What is asked

    @work(exclusive=True)
    async def _read(self) -> None:
        rows = await self.session.ask(self._asked[self._which].request, self._say_failure)
        if rows is not None and not self.is_left:
            self.rows = rows
            self.number = min(self.number, len(rows.rows) - 1)
            self._show()

    def _say_failure(self, failure: Failure) -> None:
        if failure.traceback is not None:
            self.session.report_failure(failure)
        self.say("about", visible(failure.sentence))

    def _on_loop(self, change: LoopChanged) -> None:
        """Its last step is over: the rows of that are the last ones now."""
        if change.name == GSM8K and not self.session.is_running(GSM8K) and self.is_current:
            self._read()

    # What is shown

    @property
    def row(self) -> BatchRow | None:
        return None if self.rows is None else self.rows.rows[self.number]

    def _show(self) -> None:
        assert self.rows is not None
        panel = self.query_one("#step", Panel)
        panel.title = self._asked[self._which].name
        panel.figure = sum_figure(self.rows)
        self._show_row()

    def _show_row(self) -> None:
        rows, row = self.rows, self.row
        if rows is None or row is None:
            return
        wide, styles = not self.has_class("-narrow"), ramp(self.app)
        self._show_about(rows, row)
        panel = self.query_one("#in-row", Panel)
        panel.title = f"row {self.number + 1:,} of {rows.all_rows:,}"
        panel.figure, panel.hint = row_figure(row), legend(styles)
        self.query_one("#positions", LineTable).show(
            columns(wide=wide),
            len(row.input_ids),
            lambda n: position_cells(row, n, styles, wide=wide),
        )
        bar = self.query_one("#bar", Static)
        bar.update(Content(row_bar(row.parts, bar.content_size.width)), layout=False)
        self.query_one("#sight", Panel).figure = sight_figure(row)
        self.follow_keys()
        self.query_one("#way", Static).update(Content(describe_way(rows, row)))
        self._show_position()

    def _show_about(self, rows: StepRows, row: BatchRow) -> None:
        """Of one item alone there is no map of who sees whom: how it attends is said with it."""
        items = sum(part.problem is not None for part in row.parts)
        self.set_class(items < 2, "-one-item")
        told = describe_rows(rows)
        self.say("about", f"{told} · {describe_way(rows, row)}" if items < 2 else told)

    def _show_position(self) -> None:
        if (row := self.row) is not None:
            cursor = self.query_one("#positions", LineTable).cursor
            self.say("position", describe_position(row, cursor))
            self.query_one(SightMap).show(row, part_of(row, cursor))

    def on_line_table_moved(self) -> None:
        self._show_position()

    # Keys

    def action_row(self, by: int) -> None:
        if self.rows is not None and 0 <= self.number + by < len(self.rows.rows):
            self.number += by
            self._show_row()

    def action_item(self, by: int) -> None:
        """To the first token of another item of the row."""
        if (row := self.row) is None:
            return
        table = self.query_one("#positions", LineTable)
        starts = [
            start
            for start, part in zip(row.starts, row.parts, strict=True)
            if part.problem is not None
        ]
        before, after = (
            [start for start in starts if start < table.cursor],
            [start for start in starts if start > table.cursor],
        )
        target = after[:1] if by > 0 else before[-1:]
        if target:
            table.cursor = target[0]
            self._show_position()

    def action_sight(self) -> None:
        """Where there is no room beside the positions, in their place."""
        self.toggle_class("-sight")

    def action_read(self) -> None:
        self._read()

    def action_other(self) -> None:
        self._which = (self._which + 1) % len(self._asked)
        self._read()
