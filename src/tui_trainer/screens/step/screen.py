"""Step: one string, one update for each press of the space bar."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.widget import Widget

from tui_trainer.protocol.events import LoopChanged, LoopState
from tui_trainer.protocol.loop_names import STEP as LOOP
from tui_trainer.protocol.loop_reports import Report
from tui_trainer.protocol.request import Request
from tui_trainer.protocol.updates import (
    KeepUpdating,
    PrepareUndo,
    Redo,
    RunPhase,
    SetDropout,
    SetUndoBudget,
    Undo,
    Update,
    UpdateAt,
)
from tui_trainer.reports.actions import NO_HISTORY
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.reports.phases import STEP, PhaseReport
from tui_trainer.reports.updates import UpdateReport
from tui_trainer.screens.dialogs.entry import Entry
from tui_trainer.screens.dialogs.export_script import ScriptExport
from tui_trainer.screens.learning_rate import LearningRate
from tui_trainer.screens.loop_panel import LoopPanel, LoopWords
from tui_trainer.screens.shared_text import SharedText
from tui_trainer.screens.step.fork_dialog import ForkDialog
from tui_trainer.screens.step.gradient_chart import GradientChart, NormsPanel
from tui_trainer.screens.step.help import CELL, HELP
from tui_trainer.screens.step.keys import KEYS, UPDATES
from tui_trainer.screens.step.next_panel import NextPanel, describe_state
from tui_trainer.screens.step.prediction_view import PredictionView
from tui_trainer.screens.step.probe_editor import ProbeEditor
from tui_trainer.screens.step.settings import UpdateSettings
from tui_trainer.screens.step.text_panel import TextPanel
from tui_trainer.screens.step.update_losses import UpdateLosses
from tui_trainer.screens.step.update_panel import LossesPanel, UpdatePanel
from tui_trainer.screens.step.update_queue import UpdateQueue
from tui_trainer.screens.step.views import PASSES, PHASES, PROBES, Views
from tui_trainer.session.going_on import Act
from tui_trainer.session.session import Session
from tui_trainer.settings.cell import read_dropout, read_undo_memory
from tui_trainer.widgets.chart.chart import Chart
from tui_trainer.widgets.chart.loss_chart import LossChart
from tui_trainer.widgets.chart_keys import WithChart
from tui_trainer.words.numbers import byte_count, learning_rate

NO_SETTINGS = "There is no model to set anything of yet: wait for it, or press m and pick one."
DROPOUT = "Dropout of train mode on this screen (0 drops nothing)"
PLAYING = LoopWords(
    none="No updates are being made: p makes one after another.",
    asked={LoopState.STOPPED: "It stops after this update."},
)


class StepScreen(SharedText, WithChart):
    """The training cell by keypress."""

    NAME = "step"
    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]
    HELP = HELP

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.chart = chart = LossChart(smoothing=False, titled=False, before=CELL)
        self._norms = GradientChart()
        self.losses = UpdateLosses(chart.series, chart.after, self._norms.series, self._redraw)
        self.settings = UpdateSettings(session, self.show_waiting)
        self._last = UpdatePanel(), LossesPanel(self.chart)
        self._next = NextPanel(self.settings)
        self.queue = UpdateQueue(session, keeps=self.keeps_typed, changed=self.show_waiting)
        self.views = Views(
            session,
            lambda: self.text,
            self.losses,
            facts=self._last,
            waiting=lambda: self.queue.updates,
            id="views",
            classes="-new",
        )
        self.lr = LearningRate(
            self, "Of the next update", asked=self.settings.lr, ask=self.settings.set_lr
        )
        self.script = ScriptExport(self)
        self._note = ""
        self.playing = LoopPanel(
            self, LOOP, PLAYING, add=self._add_played, show=self.show_waiting, changed=self._on_loop
        )

    def body(self) -> Iterable[Widget]:
        update, losses = self._last
        with self.views:
            with Vertical(id="left"):
                yield TextPanel(self.text_box())
                with Horizontal(id="at-hand"):
                    yield update
                    yield self._next
                yield self.views.phases
                yield self.views.moved
            with Container(id="rest"):
                with Vertical(id="middle"):
                    yield losses
                    yield self.views.predictions
                with Vertical(id="right"):
                    yield NormsPanel(self._norms)
                    yield self.views.probes
                    yield self.views.passes

    def on_mount(self) -> None:
        self.session.status_changed.subscribe(self, self._on_status)
        self.session.loop_changed.subscribe(self, self._on_loop)
        self.playing.follow()
        self.show_waiting()

    def on_screen_resume(self) -> None:
        self.views.probes.start()
        self.views.follow()

    def on_text_area_changed(self) -> None:
        self.views.follow_text()

    def word_for(self, name: str, label: str) -> str:
        """Nothing can be done without a model, undone without an update, and so on."""
        session = self.session
        history = NO_HISTORY if session.status is None else session.status.history
        if self.playing.is_live:
            return {"play": "pause", "update": ""}.get(name, "" if name in UPDATES else label)
        is_there = {"undo": history.undo > 0, "redo": history.redo > 0}
        if not is_there.get(name, True) or (name in UPDATES and session.why_not(Act.UPDATE)):
            return ""
        return super().word_for(name, label)

    # What is heard and shown

    @property
    def report(self) -> UpdateReport | None:
        """The last update made here; None where the weights are not those that it made."""
        return self.views.predictions.update_made

    def show_waiting(self) -> None:
        """The settings of the next update, with what was asked for and is not done yet."""
        live = self.session.loops.get(LOOP)
        stopping = self.session.pending.state_of(LOOP) is not None
        self._next.show(describe_state(live, self.queue.updates, stopping=stopping))

    def _redraw(self) -> None:
        self.views.set_class(not len(self.chart.series), "-new")
        self.chart.redraw()
        self._norms.redraw()

    def on_prediction_view_changed(self, _event: PredictionView.Changed) -> None:
        self._show_last()

    def on_resize(self) -> None:
        self._show_last()

    def _show_last(self) -> None:
        """The last update, or what the weights predict that none here made."""
        view, status = self.views.predictions, self.session.status
        made = 0 if status is None else status.updates
        self.losses.leave(made)
        last = self.losses.last_of(made, view.prediction)
        if view.update_on_show is None and view.prediction is not None and last is not None:
            self.session.guide.saw_led_to(last.loss, view.prediction)
        shown = view.prediction, made, last
        update, losses = self._last
        update.show(view.update_on_show, *shown)
        losses.show(view.update_on_show, *shown, self.losses.describe(made, view.prediction))
        self.query_one(TextPanel).show(view.prediction, view.refused)

    def _on_status(self, _: LearnerStatus) -> None:
        """The model changed: by an update here, by a loop, by a reload or a new load.

        It is heard of a moment later: an update made here may have been shown since.
        """
        if (status := self.session.status) is None:
            return
        if self.losses.go_to(status.updates, can_redo=status.history.redo > 0):
            self.views.predictions.forget_update()
            self._next.show_phases(None)
        self.show_waiting()
        if self.is_current:
            if not status.updates:
                self.views.probes.start()
            self.views.follow()

    def _on_loop(self, change: LoopChanged) -> None:
        """Another loop may have changed the weights; the one that plays began or ended."""
        self.show_waiting()
        if change.name != LOOP and self.is_current:
            self.views.predictions.predict()

    def _show_updates(self, reports: Sequence[UpdateReport]) -> None:
        """Each a point, the last one in the table."""
        self._next.show_phases(None)
        for report in reports:
            self.losses.add_update(report)
            self.session.guide.saw_update(report)
        self.session.saw_updates(reports[-1].update)
        self.views.predictions.show_update(reports[-1])
        if (note := reports[-1].note) and note != self._note:
            self.notify(note, severity="warning", markup=False, timeout=10)
        self._note = reports[-1].note

    def _show_phase(self, report: PhaseReport) -> None:
        self.session.guide.saw_phase(report)
        if report.phase == STEP and report.moved != 0 and report.loss is not None:
            made = report.update, report.loss, report.text or "", report.grad_norm
            self.losses.add(*made, report.gradients)
        self.views.show_phases(report)
        self._next.show_phases(report)

    # Updates

    def action_update(self) -> None:
        if self.playing.is_live:
            self.action_play()
        else:
            self._update(Update(self.text))

    @work
    async def _update(self, request: Request[UpdateReport]) -> None:
        report = await self.queue.make(Act.UPDATE, request)
        if report is not None:
            self._show_updates([report])
            await self.session.refresh()
        elif not self.queue.updates:
            self.views.follow()  # which was left out while this one waited
        if report is not None and not self.queue.updates:
            await self.session.ask(PrepareUndo())

    @work
    async def action_play(self) -> None:
        if self.playing.is_live:
            self.playing.stop()
        else:
            request = KeepUpdating(self.text)
            await self.playing.begin(request, on_failure=self.session.report_failure)

    def _add_played(self, reports: list[Report]) -> None:
        """The updates made while playing, also while another screen is open."""
        if updates := [report for report in reports if isinstance(report, UpdateReport)]:
            self._show_updates(updates)
        self.playing.was_shown()

    @work
    async def action_fork(self) -> None:
        if self.session.refuses(Act.UPDATE):
            return
        text = self.text
        lr = await self.app.push_screen_wait(ForkDialog(self.session, text))
        if lr is not None and not self.session.refuses(Act.UPDATE):
            self._update(UpdateAt(text, lr))
            self.notify(
                f"The learning rate is {learning_rate(lr)} now, the one you picked.", markup=False
            )

    def action_phase(self, phase: str | None = None) -> None:
        """One phase of the training cell; without a name the next."""
        self.views.open(PHASES)
        self._run_phase(RunPhase(phase, self.text))

    @work
    async def _run_phase(self, request: RunPhase) -> None:
        report = await self.queue.make(Act.PHASE, request, self.views.phases.refuse)
        if report is not None:
            self._show_phase(report)
            if report.phase == STEP:
                await self.session.refresh()

    # Back and forth

    @work
    async def action_undo(self) -> None:
        await self._go(Undo())

    @work
    async def action_redo(self) -> None:
        await self._go(Redo())

    async def _go(self, request: Undo | Redo) -> None:
        if (status := await self.queue.make(Act.UPDATE, request)) is not None:
            before = self.session.status
            self.session.publish(status)
            if before is not None and status.lr != before.lr:
                words = f"The learning rate is {learning_rate(status.lr)} again, as it was then."
                self.notify(words, markup=False)

    @work
    async def action_undo_memory(self) -> None:
        if (status := self.session.status) is not None:
            entry = Entry(
                "undo", "Memory for undo", byte_count(status.history.budget), read_undo_memory
            )
            if (budget := await self.app.push_screen_wait(entry)) is not None:
                await self.session.change(SetUndoBudget(budget))

    # Settings of the next update

    @work
    async def action_settings(self, at: str = "") -> None:
        if (form := self.settings.form(self.text, at)) is None:
            self.notify(NO_SETTINGS, markup=False)
        elif (typed := await self.app.push_screen_wait(form)) is not None:
            await self.settings.take(typed)

    @work
    async def action_change_lr(self, up: bool) -> None:
        await self.lr.change(up)

    @work
    async def action_type_lr(self) -> None:
        await self.lr.type()

    @work
    async def action_optimizer(self) -> None:
        await self.settings.take_next_optimizer()

    @work
    async def action_mode(self) -> None:
        await self.settings.take_other_mode()

    @work
    async def action_dropout(self) -> None:
        if (status := self.session.status) is not None:
            entry = Entry("dropout", DROPOUT, f"{status.dropout:g}", read_dropout)
            if (p := await self.app.push_screen_wait(entry)) is not None:
                await self.session.change(SetDropout(p))
                self.views.open(PASSES)
                self.views.read()

    # Look, and take away

    @property
    def chart_in_hand(self) -> LossChart:
        return self.chart

    def on_chart_looked(self, message: Chart.Looked) -> None:
        """Both are by update: they show the same of them."""
        self.chart.view = self._norms.view = message.view

    def action_log(self) -> None:
        self.chart.log_axis = self._norms.log_axis = not self.chart.log_axis

    def action_view(self) -> None:
        self.views.open_next()

    @work
    async def action_edit_probes(self) -> None:
        self.views.open(PROBES)
        probes = await self.app.push_screen_wait(ProbeEditor(self.views.probes.texts))
        if probes is not None:
            self.views.probes.texts = probes
            self.views.read()

    @work
    async def action_export(self) -> None:
        await self.script.write()
