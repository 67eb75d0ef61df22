"""The training cell phase by phase on Step."""

from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_trainer.failures import Failure
from tui_trainer.protocol.updates import RunPhase
from tui_trainer.reports.phases import STEP, PhaseReport
from tui_trainer.screens.step.phase_view import PHASE_KEYS, PhaseView
from tui_trainer.screens.step.updates import UPDATES, StepUpdates
from tui_trainer.screens.step.views import PHASES
from tui_trainer.session.going_on import Act


class StepPhases(StepUpdates):
    """The part of Step that runs one phase at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "full_stop",
            "phase",
            "Phase",
            key_display=".",
            id="phase",
            tooltip="The next phase of the training cell alone",
            group=UPDATES,
        ),
        *(
            Binding(key, f"phase('{phase}')", f"{phase} alone", show=False, id=f"phase-{key}")
            for phase, key in PHASE_KEYS.items()
        ),
    ]

    def action_phase(self, phase: str | None = None) -> None:
        """One phase of the training cell; without a name the next."""
        self.view = PHASES
        if not self.session.refuses(Act.PHASE) and not self.piles_up(RunPhase.doing):
            self._run_phase(phase, self.text)

    @work
    async def _run_phase(self, phase: str | None, text: str) -> None:
        report = await self.session.update(RunPhase(phase, text), self._say_refused)
        if report is not None:
            self._show_phase(report)
            if report.phase == STEP:
                await self.session.refresh()

    def _show_phase(self, report: PhaseReport) -> None:
        self.session.guide.saw_phase(report)
        self.query_one(PhaseView).show(report)
        if report.phase == STEP and report.moved and report.loss is not None:
            self.losses.add(report.update, report.loss, report.text or "")

    def _say_refused(self, failure: Failure) -> None:
        """A phase that has nothing to work on: a sentence where its report would be."""
        if failure.traceback is not None:
            self.session.report_failure(failure)
        self.query_one(PhaseView).say(failure.sentence)
