"""GSM8K: the notebook's loop over question/answer items, to start, pause and watch."""

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.failures import Failure
from tui_trainer.protocol.events import LoopChanged, LoopState
from tui_trainer.protocol.keeping import Save
from tui_trainer.protocol.loops import ReadBeginning, Train
from tui_trainer.protocol.models import Reload
from tui_trainer.protocol.request import LoopRequest
from tui_trainer.reports.loop import ChangeReport, LoopReport, MemoryEstimate
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.past import Past
from tui_trainer.screens.dialogs.export_script import Exports
from tui_trainer.screens.dialogs.settings_form import SettingsForm
from tui_trainer.screens.gsm8k.lr import Gsm8kLearningRate
from tui_trainer.screens.gsm8k.settings import FORM, describe_settings
from tui_trainer.screens.gsm8k.words import (
    describe_asked,
    describe_end,
    describe_first_step,
    describe_numbers,
    describe_progress,
)
from tui_trainer.session.going_on import GSM8K as LOOP
from tui_trainer.session.going_on import Act
from tui_trainer.session.questions import Choice, Question
from tui_trainer.session.session import Session
from tui_trainer.settings.train import TrainSettings
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.chart_marks import LrMark
from tui_trainer.widgets.held_out_line import HeldOutLine
from tui_trainer.widgets.item_panel import ItemPanel
from tui_trainer.widgets.loss_chart import LossChart
from tui_trainer.widgets.run_clock import RunClock
from tui_trainer.words.numbers import counted, so_far

LOOK = Binding.Group("Look ", compact=True)
ENDS = {LoopState.FINISHED: "Finished", LoopState.STOPPED: "Stopped"}
STEPS_ASKED_AT_MOST = 8  # single steps: holding the key must not pile them up
DRAIN_SECONDS = 1 / 12
# A person reads no faster, and each redraw takes the worker's core or its turn at the interpreter.
SHOW_SECONDS = 0.5


class Gsm8kScreen(Gsm8kLearningRate, Exports):
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
learns these items by heart. v shows sample answers too.

x writes what was done since the weights were loaded as a Python script or a notebook in plain
PyTorch that makes the same steps and prints the same losses."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "settings",
            "Settings",
            key_display="⏎",
            id="settings",
            tooltip="Settings of the next run",
        ),
        Binding(
            "v",
            "view",
            "View",
            id="view",
            tooltip="The last item, best, worst, samples",
            group=LOOK,
        ),
        Binding("y", "log", "Log", id="log", tooltip="Logarithmic loss axis", group=LOOK),
        Binding(
            "i",
            "items",
            "Items",
            id="items",
            tooltip="Look at the items: search, text, tokens, labels",
            group=LOOK,
        ),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.settings = TrainSettings()
        self.report: StepReport | None = None
        """The last step of the run on show."""
        self._running_with = self.settings
        self._clock = RunClock()
        self._truncated = 0
        self._ended = ""
        """How the run ended, in a word; it stays until the next one."""
        self._said = ""
        """Why it failed, or why none began, which is told in the place of that."""
        self._starting_since: float | None = None
        """When a run was asked for that has not begun yet, by `time.monotonic`."""
        self._is_asking = False
        """Whether the user is asked first which weights the run is to start from."""
        self._estimate: MemoryEstimate | None = None
        """What the run needs, until its first step is made."""
        self._progress = ""
        """The line of that name as it is shown."""
        self._had_clock = False
        """Whether it tells of what may be over when it is next looked at."""
        self._waits = False
        """Whether a step has been taken in that is not on show yet."""
        self._shown_at = 0.0

    def body(self) -> Iterable[Widget]:
        yield Static(id="settings")
        yield Static(id="progress")
        yield Static(id="numbers")
        yield HeldOutLine()
        yield LossChart(x_label="step")
        yield ItemPanel()

    def on_mount(self) -> None:
        self.session.loop_changed.subscribe(self, self._on_loop)
        self.session.status_changed.subscribe(self, self._on_status)
        self.set_interval(DRAIN_SECONDS, self._drain)
        self._show_all()

    def on_screen_resume(self) -> None:
        self._show_all()

    @property
    def trains_with(self) -> TrainSettings:
        return self._running_with if self.session.is_live(LOOP) else self.settings

    # What is shown

    def _drain(self) -> None:
        """Take in the steps made since; draw the last, at a bounded rate, where it can be seen."""
        for report in self.session.drain(LOOP):
            if isinstance(report, LoopReport):
                self._take(report)
        due = time.monotonic() - self._shown_at >= SHOW_SECONDS
        if not self.is_current:
            return
        if self._waits and (due or self._had_clock):
            self._show_run()
            self._show_item()
        elif self._has_clock or self._had_clock:
            self.show_waiting()

    def _take(self, report: LoopReport) -> None:
        self.query_one(HeldOutLine).add(report, self.query_one(LossChart))
        if isinstance(report, StepReport):
            self._take_step(report)
        elif isinstance(report, ChangeReport):
            self.query_one(LossChart).mark_change(report.step + 1, report.updates)
        self._waits = True

    def _take_step(self, report: StepReport) -> None:
        self._estimate = None
        chart = self.query_one(LossChart)
        chart.series.append(report.step, report.loss)
        if self.report is not None and report.peak_lr != self.report.peak_lr:
            chart.marks.append(LrMark(report.step, report.peak_lr))
        self._clock.step(report.seconds, report.tokens)
        self._truncated += report.truncated
        self.saw_step(report)
        for note in report.notes:
            self.notify(visible(note), markup=False)
        self.session.guide.saw_step(report, self._running_with.epochs)
        self.report = report

    def _on_loop(self, change: LoopChanged) -> None:
        if change.name != LOOP:
            return
        self._drain()
        if change.state.is_over:
            self._estimate = None
        failure = change.failure
        self._said = "" if failure is None else visible(failure.sentence)
        self._ended = ENDS.get(change.state, "")
        if self.is_current:
            self._show_all()

    def _on_status(self, _: LearnerStatus) -> None:
        """The weights of a run that has ended may have been saved since."""
        if self._ended and self.is_current:
            self._show_item()

    def _show_all(self) -> None:
        self._show_run()
        self._show_item()

    def _show_run(self) -> None:
        if self._waits and self.report is not None:
            self.session.saw_updates(self.report.updates, saved=self.report.is_saved)
        self._waits = False
        self._shown_at = time.monotonic()
        lr_asked = self.asked_lr.value if self.session.is_live(LOOP) else None
        self._say("settings", describe_settings(self.trains_with, self._lr_now, lr_asked))
        self._progress = ""
        self.show_waiting()
        self._say("numbers", self._describe_numbers())
        self.query_one(HeldOutLine).show()
        self.query_one(LossChart).redraw()

    def on_resize(self) -> None:
        """A paused run says no more by itself."""
        self.call_after_refresh(self._fit_progress)

    def _fit_progress(self) -> None:
        if not self._waits:
            self._say("progress", self._describe_progress())

    def _say(self, where: str, line: str) -> None:
        self.query_one(f"#{where}", Static).update(Content(line), layout=False)

    def show_waiting(self) -> None:
        """How far the run is, and what waits for the step that is being made."""
        self._had_clock = self._has_clock
        if (line := self._describe_progress()) != self._progress:
            self._progress = line
            self._say("progress", line)

    @property
    def _has_clock(self) -> bool:
        """Whether the line of progress counts seconds, though no step comes."""
        is_first = self.report is None and self.session.is_live(LOOP)
        return is_first or self._starting_since is not None or bool(self._describe_asked())

    def _describe_asked(self) -> str:
        pending = self.session.pending
        return describe_asked(
            pending.state_of(LOOP),
            pending.steps_of(LOOP),
            self.session.step_seconds(LOOP),
            saving=pending.has(Save.doing),
        )

    def _describe_progress(self) -> str:
        report = self.report
        state = self.session.loops.get(LOOP, LoopState.STOPPED).value.upper()
        if self._is_asking:
            return "STARTING from which weights?"
        if self._starting_since is not None:
            seconds = time.monotonic() - self._starting_since
            return f"STARTING {so_far(seconds)}: the problems are read"
        if report is not None:
            return describe_progress(
                state,
                report,
                self._clock,
                live=self.session.is_live(LOOP),
                narrow=self.has_class("-narrow"),
                asked=self._describe_asked(),
            )
        if not self.session.is_live(LOOP):
            return "space starts the run; . makes one step"
        return describe_first_step(
            state,
            self.resumed_at + 1,
            self.session.step_seconds(LOOP),
            self._describe_asked() or str(self._estimate or ""),
        )

    @property
    def _lr_now(self) -> float | None:
        """Of the last step of the run that goes."""
        report = self.report if self.session.is_live(LOOP) else None
        return None if report is None else report.lr

    def _describe_numbers(self) -> str:
        if self.report is None:
            return ""
        return describe_numbers(self.report, self.query_one(LossChart).series, self._clock)

    def _describe_end(self) -> str:
        if not self._ended:
            return ""
        series = self.query_one(LossChart).series
        run = self.session.saved
        is_saved = run is not None and not run.unsaved
        return describe_end(self._ended, self.report, series, self._clock, saved=is_saved)

    def _show_item(self) -> None:
        """The item of the last step, or the best or the worst so far."""
        said, samples = self._said or self._describe_end(), self.query_one(HeldOutLine).samples
        self.query_one(ItemPanel).show(said, self.report, self._truncated, samples)

    # Actions

    @work
    async def action_start_or_pause(self) -> None:
        session = self.session
        if self.is_asked_already():
            return
        if session.is_running(LOOP):
            session.play(LOOP, playing=False)
        elif not session.refuses(Act.TRAIN) and not self._is_starting:
            if session.is_live(LOOP):
                session.play(LOOP, playing=True)
            else:
                await self._start(playing=True)

    @work
    async def action_one_step(self) -> None:
        session = self.session
        if session.is_running(LOOP):
            if not self.is_asked_already():
                session.play(LOOP, playing=False)
        elif session.pending.steps_of(LOOP) >= STEPS_ASKED_AT_MOST:
            self.excuse(f"{STEPS_ASKED_AT_MOST} steps are asked for already.")
        elif session.refuses(Act.TRAIN) or self._is_starting:
            return
        elif session.is_live(LOOP) or await self._start(playing=False):
            session.advance(LOOP)

    @property
    def _is_starting(self) -> bool:
        """Whether a run was asked for that has not begun; then the user is told."""
        if self._starting_since is not None:
            self.excuse("The run is being started.")
        return self._starting_since is not None

    async def _start(self, *, playing: bool) -> bool:
        """Begin a run with the settings on show; False where it does not begin."""
        self._starting_since = time.monotonic()
        self.show_waiting()
        try:
            return await self._asked_for_weights() and await self._begin(playing)
        finally:
            self._starting_since = None
            self.show_waiting()

    async def _begin(self, playing: bool) -> bool:
        settings = self.settings
        return await self.begin_loop(settings, Train(settings), playing=playing)

    async def begin_loop(
        self,
        settings: TrainSettings,
        request: LoopRequest[LoopReport],
        *,
        playing: bool = True,
        past: Past | None = None,
        resumed_at: int = 0,
    ) -> bool:
        """What is on show stays where it does not begin."""
        self._drain()
        begun = await self.session.start_loop(
            LOOP, request, playing=False, on_failure=self._say_refusal
        )
        if begun:
            self._forget(past or Past(), resumed_at)
            self._running_with = settings
            # Asked for before the first step, which may take its time.
            begun_with = await self.session.ask(ReadBeginning())
            if begun_with is not None:  # a run that was resumed may have another rate
                self._estimate, lr = begun_with
                self._running_with = replace(settings, lr=lr)
            if playing:
                self.session.play(LOOP, playing)
            self._show_all()
        return begun

    def _say_refusal(self, failure: Failure) -> None:
        """Why no run began; the last one stays on show."""
        self._said = visible(failure.sentence)
        self._show_item()
        if failure.traceback is not None:
            self.session.report_failure(failure)

    def _forget(self, past: Past, resumed_at: int) -> None:
        """Make room for another run, which goes on from `past`."""
        self.report = self._estimate = None
        self.resumed_at = resumed_at
        self._clock = RunClock(past.seconds, past.tokens)
        self._truncated = 0
        self._said = self._ended = ""
        self.query_one(LossChart).clear(past)
        self.query_one(HeldOutLine).forget()

    async def _asked_for_weights(self) -> bool:
        """Whether to go on; asks where the weights are not the loaded ones any more."""
        await self.session.refresh()
        status = self.session.status
        if status is None or status.updates == 0:
            return True
        answer = await self._answer(_question_of_weights(status))
        if answer == "w" and not await self.session.save():
            return False
        if answer in ("r", "w"):
            await self.session.change(Reload())
            return self.session.status is not None and self.session.status.updates == 0
        return answer is not None

    async def _answer(self, question: Question) -> str | None:
        """What the user takes their time for is no time of the start."""
        self._is_asking = True
        self.show_waiting()
        try:
            return await self.session.put(question)
        finally:
            self._is_asking = False
            self._starting_since = time.monotonic()

    @work
    async def action_settings(self) -> None:
        settings = await self.app.push_screen_wait(SettingsForm(FORM, self.settings))
        if settings is not None:
            self.settings = settings
            if self.session.is_live(LOOP):
                self.notify("They take effect with the next run.", markup=False)
            self._show_all()

    def action_view(self) -> None:
        self.query_one(ItemPanel).next_view()
        self._show_item()

    def action_log(self) -> None:
        chart = self.query_one(LossChart)
        chart.log_axis = not chart.log_axis


def _question_of_weights(status: LearnerStatus) -> Question:
    """From which weights a run is to start; what is under enter loses none."""
    keep, again = Choice("k", "keep these"), Choice("r", "reload")
    away = counted(status.updates, "update")
    if not status.unsaved:
        words = f"The weights are {away} away from the loaded ones. Start from which?"
        return Question(words, (Choice("r", "reload, then start"), keep))
    words = (
        f"The weights are {away} away from the loaded ones, and no file has the last "
        f"{status.unsaved:,}. Start from which?"
    )
    return Question(words, (keep, Choice("w", "save, then reload"), again))
