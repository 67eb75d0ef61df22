"""Runs: the loops on disk, their settings and loss curves, and what can be made of them."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.protocol.events import LoopChanged
from tui_trainer.protocol.loop_names import GSM8K as LOOP
from tui_trainer.runs.curve import XAxis
from tui_trainer.runs.description import RunState
from tui_trainer.runs.home import runs_home
from tui_trainer.runs.listing import DamagedRun, RunOnDisk, list_runs
from tui_trainer.screens.bench.view import BenchScreen
from tui_trainer.screens.folder_list import FolderList
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.screens.runs.checkpoints import RunCheckpoints
from tui_trainer.screens.runs.columns import Listed, list_layout
from tui_trainer.screens.runs.files import CurvesOnShow, RunFiles
from tui_trainer.screens.runs.keys import KEYS, OF_A_RUN
from tui_trainer.screens.runs.marks import Marks
from tui_trainer.screens.runs.row_words import describe_list, marked, row_cells
from tui_trainer.screens.runs.words import (
    describe_differences,
    describe_run,
    describe_when,
    last_lr,
    no_runs,
    settings_lines,
)
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.session.run_curves import RunCurves
from tui_trainer.session.session import Session
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.chart.overlay_chart import Overlaid, OverlayChart
from tui_trainer.widgets.chart.panel import ChartPanel
from tui_trainer.widgets.chart.picture import LETTERS
from tui_trainer.widgets.chart_keys import FOLLOW_KEYS, WithChart
from tui_trainer.widgets.line_table import LineTable
from tui_trainer.widgets.panel import Panel
from tui_trainer.words.signs import BROKEN

NO_RUN = "There is no run to select: 5, then space, makes one."


class RunsScreen(WorkScreen, WithChart):
    """A list of runs, the selected one, and the curves of the marked ones."""

    NAME = "runs"
    AUTO_FOCUS = "#runs"
    HELP = """\
Each loop of GSM8K, here or by command, is a run on disk: its settings, a line of metrics for each
step, and its checkpoints. The newest is on top. 'broken off' is a run whose process was killed;
its losses are there up to that moment.

The chart shows the moving average of the losses of the selected run, mostly of its last 20 steps,
or of the runs you marked, each with its letter. By step it compares updates, by token what was
read, by time what it cost: a batch of 8 is a fair match for a batch of 1 only by the last two.
Settings with a star differ from the preset.
left and right read all curves of it at once, # at a step that is typed, + and - zoom in there, w
follows the end, 0 shows all.
Of marked runs the settings are told in which they are not all alike.

'val' is the lowest loss on held-out items, where a run measured them, and 'lr' the learning rate
that it was given last. Of checkpoints the one with that loss is told, and named as best where you
choose one: the last is not always it.

A checkpoint is a whole model with the optimizer's state. Resume goes on from it as if the run had
never stopped, as a run of its own that names its parent. Loading makes it the model of every
screen: look at its predictions, train it further, evaluate it.

b opens the benches: how fast the training loops are on this machine, side by side."""

    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.listed: tuple[Listed, ...] = ()
        """The rows of the list: the runs, the newest first, then what cannot be read."""
        self.marks = Marks()
        self.curves = RunCurves()
        self._reading = asyncio.Lock()
        self.listing = FolderList(self, runs_home, read_runs, self._take, moves=self._moves)
        self.checkpoints = RunCheckpoints(self, self.curves.curve)
        self.files = RunFiles(self, curves=self._curves_on_show, changed=self.listing.anew)

    def body(self) -> Iterable[Widget]:
        with Panel(title="runs", id="list"):
            yield LineTable(id="runs")
        with Container(id="below"):
            with Container(id="about"):
                with Panel(title="run", id="selected"), VerticalScroll(can_focus=False):
                    yield Static(id="run")
                    yield Static(id="differences")
                with (
                    Panel(title="settings", hint="* not the preset's", id="settings"),
                    VerticalScroll(can_focus=False),
                ):
                    yield Static(id="all-settings")
            yield ChartPanel(OverlayChart(titled=False), keys=FOLLOW_KEYS, classes="curves")
        yield Static(id="none")

    def on_mount(self) -> None:
        self.session.loop_changed.subscribe(self, self._on_loop)
        self.listing.follow()

    def on_screen_resume(self) -> None:
        self.listing.anew()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_all)

    def word_for(self, name: str, label: str) -> str:
        """Most keys are for the run at the cursor."""
        if name in OF_A_RUN and not self.listed:
            return ""
        return super().word_for(name, label)

    @property
    def selected(self) -> Listed | None:
        """The row at the cursor."""
        row = self.query_one("#runs", LineTable).cursor
        return self.listed[row] if row < len(self.listed) else None

    @property
    def _follows(self) -> bool:
        """Whether the newest run is at the cursor, and the next one is to be."""
        return self.query_one("#runs", LineTable).cursor == 0

    @property
    def selected_run(self) -> RunOnDisk | None:
        """The run at the cursor; None, and a word, where there is none that can be read."""
        if isinstance(self.selected, RunOnDisk):
            return self.selected
        self.notify("Select a run that can be read." if self.selected else NO_RUN, markup=False)
        return None

    @property
    def chart(self) -> OverlayChart:
        return self.query_one(OverlayChart)

    @property
    def chart_in_hand(self) -> OverlayChart:
        return self.chart

    @property
    def _runs(self) -> list[RunOnDisk]:
        """Those that can be read, as they are listed."""
        return [run for run in self.listed if isinstance(run, RunOnDisk)]

    @property
    def overlaid(self) -> list[RunOnDisk]:
        """The runs in the chart: the marked ones by letter, else the selected one."""
        if not self.marks:
            return [self.selected] if isinstance(self.selected, RunOnDisk) else []
        marked = [run for run in self._runs if self.marks.letter(run.name)]
        return sorted(marked, key=lambda run: self.marks.letter(run.name))

    @property
    def _in_view(self) -> list[RunOnDisk]:
        """The runs whose rows can be seen."""
        rows = self.query_one("#runs", LineTable).in_view
        seen = self.listed[rows.start : rows.stop]
        return [run for run in seen if isinstance(run, RunOnDisk)]

    def marked_runs(self) -> list[tuple[str, RunOnDisk]]:
        return [(self.marks.letter(run.name), run) for run in self.overlaid if self.marks]

    @property
    def _read_first(self) -> list[RunOnDisk]:
        """The runs in the chart, and the selected one, whose checkpoints are told with it."""
        selected = [self.selected] if isinstance(self.selected, RunOnDisk) else []
        return [*self.overlaid, *(run for run in selected if run not in self.overlaid)]

    def _curves_on_show(self) -> CurvesOnShow:
        return CurvesOnShow(self.overlaid, self.chart.axis, self.chart.log_axis)

    # What is there

    def _on_loop(self, change: LoopChanged) -> None:
        if change.name == LOOP and self.is_current:
            self.listing.anew()

    def _moves(self) -> bool:
        """Whether a run goes, here or in another process; one has no `run.json` at first."""
        return any(
            isinstance(run, DamagedRun) or run.state is RunState.GOING for run in self.listed
        )

    def _take(self, listed: tuple[Listed, ...], failure: str) -> None:
        """Show another list; at the top the cursor follows the newest run, elsewhere it stays."""
        before, self.listed = None if self._follows else self.selected, listed
        self.follow_keys()
        folders = [row.folder for row in listed]
        if not failure:
            self.session.saving.saw_runs({folder.name for folder in folders})
        self.curves.forget(self.marks.keep({folder.name for folder in folders}))
        if before is not None and before.folder in folders:
            self.query_one("#runs", LineTable).cursor = folders.index(before.folder)
        self.set_class(not listed, "-empty")
        self.query_one("#none", Static).update(Content(visible(failure) or no_runs()))
        self._show_all()

    # What is shown

    def on_line_table_moved(self, _: LineTable.Moved) -> None:
        self._show_selected()

    def _show_all(self) -> None:
        self._show_list()
        self._show_selected()

    def _show_list(self) -> None:
        listed, table = self.listed, self.query_one("#runs", LineTable)
        layout = list_layout(self._room, table.scrollable_content_region.width, listed)
        damaged = sum(isinstance(row, DamagedRun) for row in listed)
        told = describe_list(len(listed) - damaged, damaged, len(self.marks), layout.of_all)
        self.query_one("#list", Panel).figure = told
        columns = layout.columns
        table.show(
            columns,
            len(listed),
            lambda row: row_cells(
                listed[row],
                marked(self.marks.letter(listed[row].folder.name)),
                columns,
                self.curves.glance(listed[row].folder.name),
            ),
        )

    @property
    def _room(self) -> str:
        """The class of the screen's width."""
        return next((room for room in ("-broad", "-wide") if self.has_class(room)), "-narrow")

    def _show_selected(self) -> None:
        self._show_read()
        self._read_curves()

    def _show_read(self) -> None:
        """The selected run in words, and the curves as far as they were read."""
        self._say_run()
        self._show_differences()
        self.chart.show(
            [
                Overlaid(self.marks.letter(run.name), self.curves.curve(run), run.name)
                for run in self.overlaid
            ]
        )

    def _say_run(self) -> None:
        """What came of it, or why that cannot be told; its settings where they have a panel."""
        row, failure, told = self.selected, None, Content("")
        if isinstance(row, RunOnDisk):
            curve = self.curves.curve(row)
            failure = curve.failure
            told = Content(describe_run(row, curve, settings=self._room == "-narrow"))
            self.query_one("#all-settings", Static).update(
                Content(settings_lines(row, last_lr(curve)))
            )
        elif row is not None:
            failure = row.why
        if failure is not None:
            told = Content.assemble(BROKEN, f" {visible(failure)}")
        run = self.query_one("#run", Static)
        run.set_class(failure is not None, "-damaged")
        run.update(told)
        self.query_one("#selected", Panel).figure = "" if row is None else describe_when(row)
        self.query_one("#settings").set_class(not isinstance(row, RunOnDisk), "-none")

    def _show_differences(self) -> None:
        """What the marked runs do not share, where several are marked."""
        differences = self.query_one("#differences", Static)
        pairs = [(self.marks.letter(run.name), run) for run in self.overlaid]
        differences.display = len(self.marks) > 1 and len(pairs) > 1
        if differences.display:
            differences.update(describe_differences(pairs))

    def on_line_table_others_in_view(self) -> None:
        self._read_curves()

    @work
    async def _read_curves(self) -> None:
        """Read what the chart and the rows in view lack, and draw it as it comes."""
        if self._reading.locked():
            return
        async with self._reading:
            while self.is_current:
                read = await self.curves.read_slice(self._read_first, self._in_view)
                if read is None:
                    break
                if read in self._read_first:
                    self._show_read()
                self.query_one("#runs", LineTable).draw_changed()

    # What keys do

    @work
    async def action_resume(self) -> None:
        if (run := self.selected_run) is not None:
            await self.checkpoints.resume(run)

    @work
    async def action_load(self) -> None:
        if (run := self.selected_run) is not None:
            await self.checkpoints.load(run)

    @work
    async def action_evaluate(self) -> None:
        if (run := self.selected_run) is not None:
            await self.checkpoints.evaluate(run)

    @work
    async def action_details(self) -> None:
        if (run := self.selected_run) is not None:
            await self.files.show_details(run)

    @work
    async def action_export(self) -> None:
        if (run := self.selected_run) is not None:
            await self.files.export(run)

    @work
    async def action_delete(self) -> None:
        if (row := self.selected) is not None:
            await self.files.delete(row)
        else:
            self.notify(NO_RUN, markup=False)

    def action_mark(self) -> None:
        if (run := self.selected_run) is None:
            return
        if not self.marks.toggle(run.name):
            self.notify(f"{len(LETTERS)} runs are marked: take one away first.", markup=False)
        self._show_all()

    def action_axis(self) -> None:
        axes = list(XAxis)
        self.chart.axis = axes[(axes.index(self.chart.axis) + 1) % len(axes)]

    def action_log(self) -> None:
        self.chart.log_axis = not self.chart.log_axis

    def action_benches(self) -> None:
        """Show them, and suggest to measure on the problems of GSM8K."""
        with suppress(KeyError):  # nobody was on that screen yet
            for screen in self.app.get_screen_stack("gsm8k"):
                if isinstance(screen, Gsm8kScreen):
                    self.session.benches.suggest(screen.trains_with)
        self.app.push_screen(BenchScreen(self.session))


def read_runs() -> tuple[Listed, ...]:
    """All of them, those that cannot be read last; InputError where there is no list."""
    runs, damaged = list_runs()
    return (*runs, *damaged)
