"""The views of Step: one of them is open, and follows the weights as they are now."""

import time
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import var
from textual.widgets import Static

from tui_trainer.protocol.predictions import ComparePasses
from tui_trainer.protocol.updates import CompareWeights, FollowProbes, Probe, ReadPhases, SetDropout
from tui_trainer.screens.dialogs.entry import Entry
from tui_trainer.screens.step.moved_view import MovedView
from tui_trainer.screens.step.passes_view import PassesView
from tui_trainer.screens.step.phase_view import PhaseView
from tui_trainer.screens.step.probe_editor import ProbeEditor
from tui_trainer.screens.step.probe_view import EXAMPLES, ProbeView
from tui_trainer.screens.step.settings import StepSettings
from tui_trainer.screens.step.update_losses import UpdateLosses
from tui_trainer.session.going_on import GSM8K, STEP
from tui_trainer.session.session import Session
from tui_trainer.settings.cell import read_dropout
from tui_trainer.widgets.loss_chart import LossChart
from tui_trainer.widgets.text_box import TextBox

PREDICTIONS, PHASES, MOVED, PROBES, PASSES = VIEWS = (
    "predictions",
    "phases",
    "moved",
    "probes",
    "passes",
)
LOOK = Binding.Group("Look", compact=True)
LOOK_SECONDS = 0.5  # how often a view follows a loop that trains the model


class StepViews(StepSettings):
    """The part of Step that shows one view of several.

    Only the open view asks the engine for what it shows: a closed one costs an update nothing.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "log", "Log", id="log", tooltip="Logarithmic loss axis", group=LOOK),
        Binding(
            "v",
            "view",
            "View",
            id="view",
            tooltip="Predictions, phases, which weights moved, probes, train and eval mode",
            group=LOOK,
        ),
        Binding(
            "e",
            "edit_probes",
            "Probes",
            id="edit-probes",
            tooltip="Edit the probes: other strings that are followed",
            group=LOOK,
        ),
    ]

    view: var[str] = var(PREDICTIONS)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.chart = LossChart(x_label="update", smoothing=False)
        self.losses = UpdateLosses(self.chart.series, self.chart.redraw)
        self._looked_at = 0.0
        self.probes: tuple[str, ...] = EXAMPLES
        """Texts that are followed beside the one that is trained on."""

    @property
    def text(self) -> str:
        return self.query_one(TextBox).text

    def _say(self, where: str, line: str) -> None:
        self.query_one(f"#{where}", Static).update(Content(line), layout=False)

    def action_view(self) -> None:
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]

    def watch_view(self) -> None:
        if not self.is_mounted:
            return
        for view in VIEWS:
            self.query_one(f"#{view}").display = view == self.view
        self.chart.set_class(self.view != PREDICTIONS, "-beside")
        self._looked_at = 0.0
        self._follow()

    def _follow(self) -> None:
        """Show the weights as they are now, in the view that is open."""
        training = self.session.is_running(GSM8K) or self.session.is_running(STEP)
        if training and time.monotonic() - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = time.monotonic()
        if self.view == PHASES:
            self._look_at_phases()
        elif self.view == MOVED:
            self._look_at_moved()
        elif self.view == PROBES:
            self._look_at_probes()
        elif self.view == PASSES:
            self._look_at_passes()

    @work(exclusive=True, group="view")
    async def _look_at_phases(self) -> None:
        if self.session.status is None:
            return
        view = self.query_one(PhaseView)
        with self.dimmed(view):
            report = await self.session.ask(ReadPhases())
        if report is not None:
            view.show(report)

    @work(exclusive=True, group="view")
    async def _look_at_moved(self) -> None:
        if self.session.status is None:
            return
        view = self.query_one(MovedView)
        with self.dimmed(view):
            report = await self.session.ask(CompareWeights())
        if report is not None:
            view.show(report)

    @work(exclusive=True, group="view")
    async def _look_at_passes(self) -> None:
        if self.session.status is None:
            return
        text, view = self.text, self.query_one(PassesView)
        report = await self.session.ask(
            ComparePasses(text), lambda failure: view.say(failure.sentence)
        )
        if report is not None and text == self.text:
            view.show(report)

    @work
    async def action_dropout(self) -> None:
        if self.session.status is None:
            return
        now = f"{self.session.status.dropout:g}"
        question = "Dropout of train mode on this screen (0 drops nothing)"
        p = await self.app.push_screen_wait(Entry(question, now, read_dropout))
        if p is not None:
            await self.session.change(SetDropout(p))
            self.view = PASSES
            self._look_at_passes()

    def action_log(self) -> None:
        self.chart.log_axis = not self.chart.log_axis

    # Probes

    @work(exclusive=True, group="probes")
    async def _start_probes(self) -> None:
        """Have the probes measured before the first update: once, and not at every update."""
        if self.session.status is not None:
            await self.session.ask(FollowProbes(self.probes))

    @work(exclusive=True, group="view")
    async def _look_at_probes(self) -> None:
        if self.session.status is None:
            return
        view = self.query_one(ProbeView)
        with self.dimmed(view):
            reports = await self.session.ask(Probe(self.probes))
        if reports is not None:
            view.show(reports)

    @work
    async def action_edit_probes(self) -> None:
        self.view = PROBES
        probes = await self.app.push_screen_wait(ProbeEditor(self.probes))
        if probes is not None:
            self.probes = probes
            self._look_at_probes()
