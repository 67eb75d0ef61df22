"""GSM8K: the notebook's loop over question/answer items, to start, pause and watch."""

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.protocol.events import LoopChanged
from tui_trainer.protocol.loop_names import EVALUATION
from tui_trainer.protocol.loop_names import GSM8K as LOOP
from tui_trainer.protocol.loop_reports import Report
from tui_trainer.protocol.loops import ReadRows
from tui_trainer.reports.loop import LoopReport
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.listing import RunOnDisk
from tui_trainer.runs.past import Past
from tui_trainer.screens.batch_rows.view import AskedRows, RowsScreen
from tui_trainer.screens.dialogs.export_script import ScriptExport
from tui_trainer.screens.dialogs.settings_form import SettingsForm
from tui_trainer.screens.evaluation.view import EvaluationScreen
from tui_trainer.screens.gsm8k.controls import WORDS, RunControls
from tui_trainer.screens.gsm8k.item_browser import ItemBrowser
from tui_trainer.screens.gsm8k.keys import KEYS
from tui_trainer.screens.gsm8k.lr import RunLearningRate
from tui_trainer.screens.gsm8k.progress import RunProgress
from tui_trainer.screens.gsm8k.run_on_show import RunOnShow
from tui_trainer.screens.gsm8k.settings import FORM, describe_settings
from tui_trainer.screens.gsm8k.start import RunStart
from tui_trainer.screens.gsm8k.words import describe_end, describe_numbers
from tui_trainer.screens.loop_panel import LoopPanel
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.session.going_on import Act
from tui_trainer.session.saved_run import after_step
from tui_trainer.session.session import Session
from tui_trainer.settings.train import TrainSettings
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.held_out_line import HeldOutLine
from tui_trainer.widgets.item_panel import ItemPanel
from tui_trainer.widgets.loss_chart import LossChart

# A person reads no faster, and each redraw takes the worker's core or its turn at the interpreter.
SHOW_SECONDS = 0.5
LAST_STEP, NEXT_STEP, NEXT_RUN = "the last step", "the next step", "the next run's first step"


class Gsm8kScreen(WorkScreen):
    """A training loop under the hand."""

    NAME = "gsm8k"
    HELP = """\
The notebook's training loop: the items of GSM8K (word problems with worked answers) one after
another, one update each, on the text 'Question: ... Answer: ...'. The optimizer is the loop's
own, fresh at each start.

The raw loss jumps, since each item is another text; the moving average shows the trend. It
falls steeply at first, while the model learns the form, and slowly after that.

i shows the items, all of them, at any time: each by its number or by words in it, with the text
that the model is trained on, its tokens, and which of them the loss counts.

Pause with space and look around: every other screen uses the weights as they are now. The
update that you make on Step while the loop is paused is one the loop goes on from: it is a line of
the run, and a mark on its chart. The rate counts training alone, not the pauses.

c saves the weights wherever no file has an update: as a checkpoint of the run that goes or has just
ended, else as a model of their own. A run ends with a checkpoint (a setting). Whatever would lose
updates asks first.

Where a step has more than one item, a line above the item says how much of its rows is useful, the
rest being padding and what stands between packed items, and draws its first row.

Held-out items, where the settings ask for some, are measured before the run, every few steps and
at its end: a diamond on the chart. Where the diamonds rise while the losses fall, the model
learns these items by heart. V shows sample answers too.

x writes what was done since the weights were loaded as a Python script or a notebook in plain
PyTorch that makes the same steps and prints the same losses, on a GPU in all but their last
digits."""

    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.settings = TrainSettings()
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
        )
        self.start = RunStart(
            self, self.loop, self.run, settings=lambda: self.settings, begun=self._forget
        )
        self.controls = RunControls(self, self.loop, self.start)
        self.lr = RunLearningRate(self, self.loop, self.run, self._show_all)
        self.script = ScriptExport(self)

    def body(self) -> Iterable[Widget]:
        yield Static(id="settings")
        yield RunProgress(self.session, self.run, self.start.describe)
        yield Static(id="numbers")
        yield HeldOutLine()
        yield LossChart(x_label="step")
        yield ItemPanel()

    def on_mount(self) -> None:
        self.loop.follow()
        self.session.status_changed.subscribe(self, self._on_status)
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
        self.query_one(HeldOutLine).add(report)
        self.query_one(LossChart).add(report)
        if isinstance(report, StepReport):
            self._add_step(report)

    def _add_step(self, report: StepReport) -> None:
        run, session = self.run, self.session
        run.add(report)
        if report.run is not None:
            session.saved = after_step(session.saved, report.run, report.step, run.resumed_at)
        if report.checkpoint is not None:
            session.saving.tell(report.checkpoint)
        for note in report.notes:
            self.notify(visible(note), markup=False)
        session.guide.saw_step(report, run.settings.epochs)

    def _on_loop(self, change: LoopChanged) -> None:
        self.run.change(change.state)
        if self.is_current:
            self._show_all()

    def _on_status(self, _: LearnerStatus) -> None:
        """The weights of a run that has ended may have been saved since."""
        if self.run.ended and self.is_current:
            self._show_item()

    def _forget(self, past: Past) -> None:
        """Make room for another run, which goes on from `past`."""
        self.query_one(LossChart).clear(past)
        self.query_one(HeldOutLine).forget()

    # What is shown

    def _show_all(self) -> None:
        if self.loop.waits and self.report is not None:
            self.session.saw_updates(self.report.updates, saved=self.report.is_saved)
        self.loop.was_shown()
        lr_now = self.report.lr if self.report is not None and self.loop.is_live else None
        self.say("settings", describe_settings(self.trains_with, lr_now, self.lr.asked))
        self.show_waiting()
        self.say("numbers", self._describe_numbers())
        self.query_one(HeldOutLine).show()
        self.query_one(LossChart).redraw()
        self._show_item()

    def show_waiting(self) -> None:
        """How far the run is, and what waits for the step that is being made."""
        self.query_one(RunProgress).tell()

    def _fit_progress(self) -> None:
        if not self.loop.waits:
            self.show_waiting()

    def _describe_numbers(self) -> str:
        if self.report is None:
            return ""
        return describe_numbers(self.report, self.query_one(LossChart).series, self.run.clock)

    def _describe_end(self) -> str:
        run, saved = self.run, self.session.saved
        if not run.ended:
            return ""
        is_saved = saved is not None and not saved.unsaved
        series = self.query_one(LossChart).series
        return describe_end(run.ended, run.report, series, run.clock, saved=is_saved)

    def _show_item(self) -> None:
        """The item of the last step, or the best or the worst so far."""
        said, samples = self.loop.said or self._describe_end(), self.query_one(HeldOutLine).samples
        self.query_one(ItemPanel).show(said, self.report, self.run.truncated, samples)

    # What keys do

    @work
    async def action_start_or_pause(self) -> None:
        await self.controls.start_or_pause()

    @work
    async def action_one_step(self) -> None:
        await self.controls.one_step()

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
    async def action_settings(self) -> None:
        settings = await self.app.push_screen_wait(SettingsForm(FORM, self.settings))
        if settings is not None:
            self.settings = settings
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
        """Those of the last step, and those that the next run would begin with."""
        run, following = self.run, AskedRows(NEXT_RUN, ReadRows(self.settings))
        asked = [following]
        if self.report is not None:
            asked = [AskedRows(LAST_STEP, ReadRows()), following]
        elif self.loop.is_live:
            asked = [AskedRows(NEXT_STEP, ReadRows(run.settings, run.resumed_at)), following]
        self.app.push_screen(RowsScreen(self.session, asked))

    def action_view(self) -> None:
        self.query_one(ItemPanel).next_view()
        self._show_item()

    def action_log(self) -> None:
        chart = self.query_one(LossChart)
        chart.log_axis = not chart.log_axis
