"""GSM8K: the notebook's loop over question/answer items, to start, pause and watch."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.protocol.events import LoopChanged
from tui_trainer.protocol.loop_names import EVALUATION
from tui_trainer.protocol.loop_names import GSM8K as LOOP
from tui_trainer.protocol.loop_reports import Report
from tui_trainer.reports.loop import LoopReport, SampleReport
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.listing import RunOnDisk
from tui_trainer.runs.past import Past
from tui_trainer.screens.batch_rows.view import AskedRows, RowsScreen
from tui_trainer.screens.dialogs.export_script import ScriptExport
from tui_trainer.screens.evaluation.view import EvaluationScreen
from tui_trainer.screens.gsm8k.alarmed import Alarmed
from tui_trainer.screens.gsm8k.asked_rows import asked_rows
from tui_trainer.screens.gsm8k.beside import BesideRun
from tui_trainer.screens.gsm8k.controls import WORDS, RunControls
from tui_trainer.screens.gsm8k.extremes import Extremes
from tui_trainer.screens.gsm8k.first_item import first_item
from tui_trainer.screens.gsm8k.first_tokens import FirstTokens
from tui_trainer.screens.gsm8k.help import HELP
from tui_trainer.screens.gsm8k.help import LOOP as LOOP_CODE
from tui_trainer.screens.gsm8k.item_browser import ItemBrowser
from tui_trainer.screens.gsm8k.keys import KEYS
from tui_trainer.screens.gsm8k.lr import RunLearningRate
from tui_trainer.screens.gsm8k.news import tell_news
from tui_trainer.screens.gsm8k.overlay import RunOverlay
from tui_trainer.screens.gsm8k.progress import RunProgress
from tui_trainer.screens.gsm8k.run_on_show import RunOnShow
from tui_trainer.screens.gsm8k.run_panel import RunPanel, describe_facts
from tui_trainer.screens.gsm8k.settings import describe_settings, make_form, reckon_cost
from tui_trainer.screens.gsm8k.start import RunStart
from tui_trainer.screens.gsm8k.words import (
    describe_end,
    describe_numbers,
    describe_risk,
    memory_name,
)
from tui_trainer.screens.layers.view import LayersScreen
from tui_trainer.screens.loop_panel import LoopPanel
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.session.going_on import Act
from tui_trainer.session.session import Session
from tui_trainer.settings.train import TrainSettings
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.cell_text import first_fitting
from tui_trainer.widgets.chart.chart import Chart
from tui_trainer.widgets.chart.marks import CheckpointMark
from tui_trainer.widgets.chart.number_chart import described
from tui_trainer.widgets.chart.run_wall import RunWall
from tui_trainer.widgets.chart_keys import WithChart
from tui_trainer.widgets.item_panel import ItemPanel
from tui_trainer.words.signs import BROKEN

# A person reads no faster, and each redraw takes the worker's core or its turn at the interpreter.
SHOW_SECONDS = 0.5
COST_SECONDS = 1.0  # to reckon takes the worker a second: who starts a run at once does not wait


class Gsm8kScreen(WorkScreen, WithChart):
    """A training loop under the hand."""

    NAME = "gsm8k"
    HELP = HELP

    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.settings = session.configuration.training()
        """Of the next run."""
        self.run = RunOnShow()
        self.loop = LoopPanel(
            self,
            LOOP,
            WORDS,
            add=self._add,
            show=self._show_all,
            changed=self._on_loop,
            show_seconds=SHOW_SECONDS,
            adopt=lambda request: self.start.adopt(request, self._add),
        )
        self.start = RunStart(
            self, self.loop, self.run, settings=lambda: self.settings, begun=self._forget
        )
        self.controls = RunControls(self, self.loop, self.start)
        self.alarmed = Alarmed(self, self.loop, self.run, self.start, self._show_rows)
        self.lr = RunLearningRate(self, self.loop, self.run, self._show_all)
        self.script = ScriptExport(self)
        self.overlay = RunOverlay(self)
        self.wall, self.item, self.extremes = RunWall(LOOP_CODE), ItemPanel(), Extremes()
        self.beside = BesideRun(session.evaluations)
        self.costs: tuple[Content, ...] = (Content(""),)
        """Of the next run, as far as it is known: in full, and in fewer words."""
        self.samples: SampleReport | None = None
        """The last answers to held-out questions."""

    def body(self) -> Iterable[Widget]:
        yield RunProgress(self.session, self.run, self.start.describe)
        yield Static(id="numbers")
        with Container(id="columns"):
            with Container(id="left"):
                yield self.wall
                yield FirstTokens()
            with Container(id="facts"):
                with Container(id="now"):
                    yield RunPanel()
                    yield self.item
                    yield self.extremes
                yield self.beside

    def on_mount(self) -> None:
        self.loop.follow()
        self.session.loop_changed.subscribe(self, self._on_other_loop)
        self.session.status_changed.subscribe(self, self._on_status)
        self._read_first_item()
        self._show_all()

    def on_screen_resume(self) -> None:
        self._show_all()

    def on_resize(self) -> None:
        """A paused run says no more by itself."""
        self.call_after_refresh(self._fit_progress)

    @property
    def report(self) -> StepReport | None:
        """The last step of the run on show."""
        return self.run.report

    @property
    def trains_with(self) -> TrainSettings:
        """The settings of the run that goes; without one, of the next."""
        return self.run.settings if self.loop.is_live else self.settings

    def word_for(self, name: str, label: str) -> str:
        """A run that goes is paused, one that is paused goes on; without one none is stopped."""
        if name == "toggle":
            label = "pause" if self.loop.is_running else "go on" if self.loop.is_live else label
        is_there = {
            "toggle": self.loop.is_live or not self.session.why_not(Act.TRAIN),
            "one-step": not self.loop.is_running and not self.session.why_not(Act.TRAIN),
            "stop": self.loop.is_live,
            "alarmed": self.run.alarmed is not None,
            "lower-lr": self.loop.is_live,
            "raise-lr": self.loop.is_live,
            "evaluate": not self.session.why_not(Act.EVALUATE),
        }
        return super().word_for(name, label) if is_there.get(name, True) else ""

    # What is heard

    def _add(self, reports: list[Report]) -> None:
        if self.query_one(RunProgress).had_clock:
            self.loop.show_soon()
        for report in reports:
            if isinstance(report, LoopReport):
                self.add(report)

    def add(self, report: LoopReport) -> None:
        """Take in what the run reports; it is drawn at a bounded rate."""
        self.run.hear(report)
        self.wall.add(report)
        if isinstance(report, StepReport):
            self._add_step(report)
        elif isinstance(report, SampleReport):
            self.samples = report
        self.beside.add(report, self.run.clock.seconds)
        tell_news(self, self.run, report, new=self.start.tells_news)
        self.alarmed.tell(report)

    def _add_step(self, report: StepReport) -> None:
        self.run.add(report)
        self.session.guide.saw_step(report, self.run.settings.epochs)

    def _on_loop(self, change: LoopChanged) -> None:
        self.run.change(change.state)
        self.beside.happened.change(change, self.run.clock.seconds)
        if self.is_current:
            self._show_all()

    def _on_other_loop(self, change: LoopChanged) -> None:
        self.beside.hear(change, self.run.clock.seconds)

    def _on_status(self, _: LearnerStatus) -> None:
        """The weights of the run on show may have been saved since."""
        if self.report is None and self.item.first is None:
            self._read_first_item()
        if self.report is not None and self.is_current:
            self._saw_saved(self.report)
            self._show_run()
            self._show_item()

    def _saw_saved(self, report: StepReport) -> None:
        """A checkpoint that was saved between two steps is on the chart, too."""
        saved, seconds = self.session.saved, self.run.clock.seconds
        if saved is None or saved.name != report.run or saved.is_deleted:
            return
        if self.beside.happened.saw_checkpoint(saved.checkpoint_step, seconds):
            self.wall.loss.checkpoints.append(CheckpointMark(saved.checkpoint_step))
            self.wall.redraw()
            self.beside.show()

    def _forget(self, past: Past) -> None:
        """Make room for another run, which goes on from `past`."""
        self.wall.clear(past)
        self.beside.clear(self.run.resumed_at)
        self.samples = None

    # What is shown

    def _show_all(self) -> None:
        self.loop.was_shown()
        self.set_class(self.report is None and not self.wall.loss.has_curve, "-new")
        self._show_run()
        self._show_numbers()
        self.wall.expect_measurements(bool(self.trains_with.validation_items))
        self.wall.redraw()
        self.beside.show()
        self._show_item()

    def _show_numbers(self) -> None:
        self.query_one("#numbers", Static).update(self._describe_numbers(), layout=False)

    def _show_run(self) -> None:
        """How far it is, its settings, and what of it is saved."""
        self.show_waiting()
        lr_now = self.report.lr if self.report is not None and self.loop.is_live else None
        run = self.run
        on_show = self.trains_with if self.report is None else run.settings
        settings = describe_settings(on_show, lr_now, self.lr.asked)
        saved = self.session.saved if self.report is not None else None
        name = visible(self.report.run or "") if self.report is not None else ""
        facts = Content("") if self.loop.is_live else self.costs[0]
        if self.report is not None:
            facts = describe_facts(saved, self.wall, run)
        risk = describe_risk(saved, run.settings) if self.loop.is_live else Content("")
        self.query_one(RunPanel).show(settings, facts, name, risk)

    def show_waiting(self) -> None:
        """How far the run is, and what waits for the step that is being made."""
        self.query_one(RunProgress).tell()

    def _fit_progress(self) -> None:
        if not self.loop.waits:
            self._show_all()

    def _describe_numbers(self) -> Content:
        chart, width = self.wall.loss, self.query_one("#numbers").content_size.width
        if self.report is None:
            return Content("") if self.loop.is_live else first_fitting(self.costs, width)
        return describe_numbers(
            self.report,
            chart.series,
            self.run.clock,
            way=chart.way(),
            validation=described(self.wall.held_out.compared),
            memory=memory_name(self.session.status),
            width=width,
        )

    def _describe_end(self) -> str:
        run, saved, series = self.run, self.session.saved, self.wall.loss.series
        if not run.ended:
            return ""
        following = "" if self.settings == run.settings else describe_settings(self.settings)
        return describe_end(run, series, saved, following)

    def _show_item(self) -> None:
        """The item of the last step, or the best or the worst so far; before, the first."""
        failed = Content.assemble(BROKEN, f" {self.loop.said}") if self.loop.said else None
        said = failed or Content(self._describe_end())
        self.item.show(said, self.report, self.run.truncated, self.samples, self.loop.is_running)
        self.extremes.show(self.report)

    @work(exclusive=True, group="first item")
    async def _read_first_item(self) -> None:
        """What the next run begins with, and what it would cost, where that can be had at once."""
        self.item.first = await first_item(self.session, self.settings)
        self.query_one(FirstTokens).show(self.item.first)
        self._show_item()
        await asyncio.sleep(COST_SECONDS)
        if self.item.first is not None and self.report is None and not self.loop.is_live:
            self.costs = await reckon_cost(self.session, self.settings)
            self._show_run()
            self._show_numbers()

    # What keys do

    @work
    async def action_start_or_pause(self) -> None:
        await self.controls.start_or_pause()

    @work
    async def action_one_step(self) -> None:
        await self.controls.one_step()

    @work
    async def action_several_steps(self) -> None:
        await self.controls.several_steps()

    @work
    async def action_stop(self) -> None:
        await self.controls.stop()

    async def resume(self, run: RunOnDisk, checkpoint: Path) -> None:
        """Go on with the run of a checkpoint, which is the model that is loaded."""
        await self.start.resume(run, checkpoint)

    @work
    async def action_change_lr(self, up: bool) -> None:
        await self.lr.keys.change(up)

    @work
    async def action_type_lr(self) -> None:
        await self.lr.keys.type()

    @work
    async def action_settings(self, at: str = "") -> None:
        form = make_form(self.session, self.settings, at)
        settings = await self.app.push_screen_wait(form)
        if settings is not None:
            self.settings = settings
            self._read_first_item()
            if self.loop.is_live:
                self.notify("They take effect with the next run.", markup=False)
            self._show_all()

    @work
    async def action_export(self) -> None:
        await self.script.write()

    def action_evaluate(self) -> None:
        self.open_evaluations(self.trains_with, evaluate=not self.session.is_live(EVALUATION))

    def action_evaluations(self) -> None:
        self.open_evaluations(self.trains_with, evaluate=False)

    def open_evaluations(self, training: TrainSettings, *, evaluate: bool) -> None:
        """Show them, and suggest to evaluate held-out items of what `training` trains on."""
        self.session.evaluations.suggest(training)
        self.app.push_screen(EvaluationScreen(self.session, evaluate=evaluate))

    def action_items(self) -> None:
        item = 0 if self.report is None else self.report.item.problem
        self.app.push_screen(ItemBrowser(self.session, self.trains_with, item))

    def action_rows(self) -> None:
        """Those of the last step, of one that alarmed, and those that the next run begins with."""
        self._show_rows(asked_rows(self.run, self.settings, live=self.loop.is_live))

    def _show_rows(self, asked: list[AskedRows]) -> None:
        self.app.push_screen(RowsScreen(self.session, asked))

    @work
    async def action_alarmed(self) -> None:
        await self.alarmed.ask()

    def action_layers(self) -> None:
        """Of the run on show, as it goes on."""
        every = self.trains_with.layers_every
        self.app.push_screen(LayersScreen(self.session, lambda: self.run.layers, every))

    def action_view(self) -> None:
        self.item.next_view()
        self._show_item()

    def action_log(self) -> None:
        chart = self.wall.loss
        chart.log_axis = not chart.log_axis

    @property
    def chart_in_hand(self) -> Chart:
        return self.wall.in_hand.chart

    def action_leave_chart(self) -> None:
        self.wall.leave()

    def action_next_chart(self, by: int) -> None:
        self.wall.next_chart(by)

    @work
    async def action_overlay(self) -> None:
        await self.overlay.toggle(self.wall.loss)
