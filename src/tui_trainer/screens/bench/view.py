"""Bench: the training loops side by side on this machine, now and earlier."""

from collections.abc import Iterable
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.engine.bench.turns import installed_loops
from tui_trainer.failures import Failure
from tui_trainer.protocol.events import LoopChanged, LoopState
from tui_trainer.protocol.loop_names import BENCH
from tui_trainer.protocol.loops import Bench
from tui_trainer.reports.bench_result import BenchResult
from tui_trainer.runs.benches import DamagedBench, benches_home, list_benches
from tui_trainer.screens.bench.keys import KEYS
from tui_trainer.screens.bench.words import (
    FIRST_BENCH,
    Listed,
    describe_listed,
    describe_next,
    describe_progress,
    no_bench,
)
from tui_trainer.screens.folder_list import FolderList
from tui_trainer.screens.loop_panel import LoopPanel, LoopWords
from tui_trainer.screens.work_screen import ScreenOnTop
from tui_trainer.session.going_on import Act
from tui_trainer.session.session import Session
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.panel import Panel
from tui_trainer.words.bench_tables import report_lines
from tui_trainer.words.costs import bench_cost
from tui_trainer.words.signs import BROKEN, STATES

SHOW_SECONDS = 0.25


class BenchScreen(ScreenOnTop):
    """Opened over Runs; the bench under way belongs to the session, and outlives it."""

    NAME = "runs"
    AUTO_FOCUS = "#result"
    HELP = """\
The training loops side by side, on this machine, this model and the same items: the notebook's loop
by hand, the presets tutorial and tuned, Hugging Face's Trainer and TRL's SFTTrainer (where TRL is
installed). Each runs alone in a process of its own, in turn with the others, over several rounds;
the figures are medians, with the lowest and the highest beside the speed. A loop that failed in one
round gets no figures and no ratio.

'of peak' is the share of the fastest matrix product of this device that is useful work. The
held-out loss says what the speed was worth: after the same time, and after as many tokens as the
slowest loop had read in it. A loop's clock begins after its warm-up, in which it compiles.

A bench loads the model anew, as it is at its source: what you trained here does not count. Anything
beside it would slow its loops, so a loop that trains is paused for it, and none can go on while it
runs. s ends its processes at once; then nothing is kept. One that ends is kept on disk."""

    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.listed: tuple[Listed, ...] = ()
        """All benches, the newest first."""
        self.row = 0
        """Of the one on show."""
        self.listing = FolderList[Listed](self, benches_home, list_benches, self._take)
        self._loops = len(installed_loops())
        self.loop = LoopPanel(
            self,
            BENCH,
            LoopWords(none="No bench is running: b starts one."),
            add=session.benches.add,
            show=self._show_progress,
            changed=self._on_loop,
            show_seconds=SHOW_SECONDS,
            adopt=lambda _: None,
        )

    def body(self) -> Iterable[Widget]:
        with Panel(title="bench", id="next"):
            yield Static(id="progress")
            yield Static(id="said")
        with Panel(title="result", id="kept", hint="P N earlier, later · ↑↓ scroll"):
            with VerticalScroll(id="result"):
                yield Static(id="report")
            yield Static(id="none")

    def on_mount(self) -> None:
        self.loop.follow()
        self.listing.follow()
        self._show_progress()

    def on_screen_resume(self) -> None:
        self.listing.anew()
        self._show_progress()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_progress)

    def word_for(self, name: str, label: str) -> str:
        """One that runs is stopped; benches are gone through once there are some."""
        is_there = {
            "bench": not self.loop.is_live and not self.session.why_not(Act.BENCH),
            "stop": self.loop.is_live,
            "earlier": len(self.listed) > 1,
            "later": len(self.listed) > 1,
        }
        return super().word_for(name, label) if is_there.get(name, True) else ""

    # What is there

    def _take(self, kept: tuple[Listed, ...], failure: str) -> None:
        """Show another list; what was on show stays so, unless it was the newest."""
        listed: tuple[Listed, ...] = (*reversed(self.session.benches.unkept), *kept)
        self.loop.said = visible(failure) or self.loop.said
        if self.row and self.row < len(self.listed) and self.listed[self.row] in listed:
            self.row = listed.index(self.listed[self.row])
        else:
            self.row = 0
        self.listed = listed
        self._show_all()

    def _on_loop(self, change: LoopChanged) -> None:
        self.loop.said = self.loop.said or visible(self.session.benches.not_kept)
        if change.state is LoopState.FINISHED:
            self.row = 0
            self.listing.anew()
        if not self.listed:
            self._show_none()
        self._show_progress()

    # What is shown

    def _show_all(self) -> None:
        self.follow_keys()
        self._show_progress()
        self.set_class(not self.listed, "-empty")
        if not self.listed:
            self.query_one("#kept", Panel).figure = ""
            self._show_none()
            return
        if self.focused is None:  # it was not there to take the focus at first
            self.query_one("#result").focus()
        bench = self.listed[self.row]
        self.query_one("#kept", Panel).figure = describe_listed(self.listed, self.row)
        report = self.query_one("#report", Static)
        report.update(describe(bench))

    def _show_none(self) -> None:
        """How to make the first one, or that it is being made."""
        words = FIRST_BENCH if self.loop.is_live else no_bench()
        self.query_one("#none", Static).update(Content(words))

    def _show_progress(self) -> None:
        self.loop.was_shown()
        state = self.session.loops.get(BENCH)
        figure = Content("") if state is None else Content.assemble(STATES[state])
        self.query_one("#next", Panel).figure = figure
        self.query_one("#progress", Static).update(self._describe_progress(), layout=False)
        said = self.query_one("#said", Static)
        said.update(Content.assemble(BROKEN, f" {self.loop.said}"))
        said.display = bool(self.loop.said)

    def _describe_progress(self) -> Content:
        benches = self.session.benches
        if self.loop.is_live:
            return describe_progress(benches.current, wide=self.has_class("-wide"))
        return Content(describe_next(benches.next.settings, self._loops))

    # Actions

    @work
    async def action_bench(self) -> None:
        session = self.session
        if self.loop.is_live:
            self.notify("A bench is running: s stops it.", markup=False)
        elif running := session.running_beside_training():
            self.loop.refuse(
                Failure(f"{running} is running and would slow the loops: wait, or stop it first.")
            )
        elif not session.refuses(Act.BENCH):
            await self._begin()

    async def _begin(self) -> None:
        self.loop.pause_training()
        await self.loop.begin(Bench(self.session.benches.next.settings))

    def action_stop(self) -> None:
        self.loop.stop()

    @work
    async def action_settings(self, at: str = "") -> None:
        following, loops = self.session.benches.next, self._loops
        heading = "Settings of the next bench"
        if await self.loop.ask_settings(heading, following, lambda s: bench_cost(s, loops), at):
            self._show_progress()

    def action_select(self, by: int) -> None:
        row = max(0, min(self.row + by, len(self.listed) - 1))
        if row != self.row:
            self.row = row
            self._show_all()
            self.query_one("#result").scroll_home(animate=False)


def describe(bench: Listed) -> Content:
    """All of a bench, or why its file cannot be read."""
    if isinstance(bench, DamagedBench):
        return Content.assemble(BROKEN, f" {visible(bench.why, newline=' ')}")
    lines = report_lines(bench if isinstance(bench, BenchResult) else bench.result)
    return Content("\n".join(lines))
