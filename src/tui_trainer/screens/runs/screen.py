"""Runs: the loops on disk, their settings and loss curves, and what can be made of them."""

import asyncio
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.errors import InputError
from tui_trainer.protocol.events import LoopChanged
from tui_trainer.runs.curve import XAxis
from tui_trainer.runs.description import RunState
from tui_trainer.runs.home import changed_at, runs_home
from tui_trainer.runs.listing import DamagedRun, RunOnDisk, list_runs
from tui_trainer.screens.bench.view import BenchScreen
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.screens.runs.curves import RunCurves
from tui_trainer.screens.runs.files import RunFiles
from tui_trainer.screens.runs.words import (
    Listed,
    describe_list,
    describe_run,
    no_runs,
    run_cells,
    run_columns,
)
from tui_trainer.session.disk import in_thread
from tui_trainer.session.going_on import GSM8K as LOOP
from tui_trainer.session.session import Session
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.line_table import LineTable
from tui_trainer.widgets.overlay_chart import LETTERS, OverlayChart
from tui_trainer.widgets.overlay_plot import Overlaid

CHART = Binding.Group("Chart ", compact=True)
LIST_SECONDS = 2.0
"""How often a run that goes is looked at anew."""
LIST_SHARE = 20
"""The list rests at least so many times as long as it took: there may be thousands."""


class RunsScreen(RunFiles):
    """A list of runs, the selected one, and the curves of the marked ones."""

    NAME = "runs"
    AUTO_FOCUS = "#runs"
    HELP = """\
Each loop of GSM8K, here or by command, is a run on disk: its settings, a line of metrics for each
step, and its checkpoints. The newest is on top. 'broken off' is a run whose process was killed;
its losses are there up to that moment.

The chart shows the moving average of the selected run, or of those you marked, each with its
letter. By step it compares updates, by token what was read, by time what it cost: a batch of 8
is a fair match for a batch of 1 only by the last two. Settings with a star differ from the preset.

A checkpoint is a whole model with the optimizer's state. Resume goes on from it as if the run had
never stopped, as a run of its own that names its parent. Loading makes it the model of every
screen: look at its predictions, train it further, evaluate it.

b opens the benches: how fast the training loops are on this machine, side by side."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "space",
            "mark",
            "Mark",
            key_display="␣",
            id="mark",
            tooltip="Lay this run's curve over the others that are marked; again takes it away",
            group=CHART,
        ),
        Binding(
            "a",
            "axis",
            "Axis",
            id="axis",
            tooltip="Losses by step, by token, by time",
            group=CHART,
        ),
        Binding("y", "log", "Log", id="log", tooltip="Logarithmic loss axis", group=CHART),
        Binding(
            "b",
            "benches",
            "Bench",
            id="benches",
            tooltip="The training loops side by side on this machine",
        ),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.listed: tuple[Listed, ...] = ()
        """The rows of the list: the runs, the newest first, then what cannot be read."""
        self.marked: dict[str, str] = {}
        """The letter of each marked run, by its name."""
        self.curves = RunCurves()
        self._list_again = asyncio.Event()
        self._listed_at = 0
        """As `changed_at` has it of the folder that was read last."""
        self._rests_until = 0.0
        self._reading = False

    def body(self) -> Iterable[Widget]:
        yield Static(id="list")
        yield LineTable(id="runs")
        yield Static(id="run")
        yield OverlayChart()
        yield Static(id="none")

    def on_mount(self) -> None:
        self.session.loop_changed.subscribe(self, self._on_loop)
        self.set_interval(LIST_SECONDS, self._follow)
        self._keep_list()
        self.list_anew()

    def on_screen_resume(self) -> None:
        self.list_anew()

    def list_anew(self) -> None:
        """The runs may have changed."""
        self._list_again.set()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_all)

    @property
    def selected(self) -> Listed | None:
        row = self.query_one("#runs", LineTable).cursor
        return self.listed[row] if row < len(self.listed) else None

    @property
    def chart(self) -> OverlayChart:
        return self.query_one(OverlayChart)

    @property
    def overlaid(self) -> list[RunOnDisk]:
        """The runs in the chart: the marked ones in the order of their letters, or the selected."""
        runs = {run.name: run for run in self.listed if isinstance(run, RunOnDisk)}
        marked = sorted(self.marked, key=self.marked.__getitem__)
        if marked:
            return [runs[name] for name in marked if name in runs]
        return [self.selected] if isinstance(self.selected, RunOnDisk) else []

    # What is there

    def _on_loop(self, change: LoopChanged) -> None:
        if change.name == LOOP and self.is_current:
            self.list_anew()

    def _follow(self) -> None:
        """Look again while a run goes, here or in another process, and where one has come or gone.

        A run that is being made has no `run.json` at first.
        """
        moves = changed_at(runs_home()) != self._listed_at or any(
            isinstance(run, DamagedRun) or run.state is RunState.GOING for run in self.listed
        )
        if moves and self.is_current and time.monotonic() > self._rests_until:
            self.list_anew()

    @work
    async def _keep_list(self) -> None:
        """Read the list whenever it is asked for, one reading at a time."""
        while await self._list_again.wait():
            self._list_again.clear()
            began = time.monotonic()
            self._listed_at = changed_at(runs_home())
            try:
                runs, damaged = await in_thread(list_runs)
            except InputError as error:
                self._take((), str(error))
            else:
                self._take((*runs, *damaged), "")
            now = time.monotonic()
            self._rests_until = now + LIST_SHARE * (now - began)

    def _take(self, listed: tuple[Listed, ...], failure: str) -> None:
        """Show another list; the cursor stays on its run."""
        before, self.listed = self.selected, listed
        folders = [row.folder for row in listed]
        gone = {name for name in self.marked if name not in {path.name for path in folders}}
        self.marked = {name: self.marked[name] for name in self.marked if name not in gone}
        self.curves.forget(gone)
        if before is not None and before.folder in folders:
            self.query_one("#runs", LineTable).cursor = folders.index(before.folder)
        self.set_class(not listed, "-empty")
        self.query_one("#none", Static).update(Content(visible(failure) or no_runs()))
        self._show_all()

    # What is shown

    def on_line_table_moved(self, _: LineTable.Moved) -> None:
        self._show_selected()

    def _show_all(self) -> None:
        wide, listed = self.has_class("-wide"), self.listed
        damaged = sum(isinstance(row, DamagedRun) for row in listed)
        self._say("list", describe_list(len(listed) - damaged, damaged, len(self.marked)))
        self.query_one("#runs", LineTable).show(
            run_columns(wide),
            len(listed),
            lambda row: run_cells(listed[row], self.marked.get(listed[row].folder.name, " "), wide),
        )
        self._show_selected()

    def _show_selected(self) -> None:
        self._show_read()
        self._read_curves()

    def _show_read(self) -> None:
        """The selected run in words, and the curves as far as they were read."""
        row, failure = self.selected, None
        if isinstance(row, RunOnDisk):
            failure = self.curves.curve(row).failure
            self._say("run", describe_run(row) if failure is None else visible(failure))
        elif row is not None:
            failure = row.why
            self._say("run", visible(failure))
        self.query_one("#run").set_class(failure is not None, "-damaged")
        self.chart.show(
            [Overlaid(self.marked.get(r.name, ""), self.curves.curve(r)) for r in self.overlaid]
        )

    def _say(self, where: str, words: str) -> None:
        self.query_one(f"#{where}", Static).update(Content(words), layout=where == "run")

    @work
    async def _read_curves(self) -> None:
        """Read what the chart lacks, and draw it as it comes."""
        if self._reading:
            return
        self._reading = True
        try:
            while self.is_current and await self.curves.read_slice(self.overlaid):
                self._show_read()
        finally:
            self._reading = False

    # Actions

    def action_mark(self) -> None:
        if (run := self.selected_run) is None:
            return
        free = [letter for letter in LETTERS if letter not in self.marked.values()]
        if run.name in self.marked:
            del self.marked[run.name]
        elif free:
            self.marked[run.name] = free[0]
        else:
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
