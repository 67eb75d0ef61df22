"""Checkpoints on GSM8K: save one now, stop with or without one, go on from one."""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_trainer.errors import InputError
from tui_trainer.failures import Failure
from tui_trainer.protocol.events import LoopState
from tui_trainer.protocol.loops import Resume
from tui_trainer.protocol.request import LoopRequest
from tui_trainer.reports.loop import LoopReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.checkpoints import step_of
from tui_trainer.runs.listing import RunOnDisk, settings_here
from tui_trainer.runs.past import Past, past_up_to
from tui_trainer.screens.dialogs.export_script import export_binding
from tui_trainer.screens.dialogs.question import QuestionDialog
from tui_trainer.screens.work_screen import WorkScreen, save_binding
from tui_trainer.session.disk import in_thread
from tui_trainer.session.going_on import GSM8K as LOOP
from tui_trainer.session.questions import Choice, Question
from tui_trainer.session.saved_run import SavedRun
from tui_trainer.settings.train import TrainSettings

BECOMES = {
    LoopState.RUNNING: "goes on",
    LoopState.PAUSED: "pauses",
    LoopState.STOPPED: "stops",
}
RUN = Binding.Group("Run", compact=True)


class Gsm8kCheckpoints(WorkScreen):
    """The part of GSM8K that saves the loop; its keys stand with those that run it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "space",
            "start_or_pause",
            "Run",
            key_display="␣",
            id="toggle",
            tooltip="Start, pause, go on",
            group=RUN,
        ),
        Binding(
            "full_stop",
            "one_step",
            "Step",
            key_display=".",
            id="one-step",
            tooltip="One step",
            group=RUN,
        ),
        Binding(
            "s",
            "stop",
            "Stop",
            id="stop",
            tooltip="Stop the run, with a checkpoint or not",
            group=RUN,
        ),
        save_binding(RUN),
        export_binding(RUN),
    ]

    resumed_at = 0
    """The step of the checkpoint that the run was resumed from; 0 where it was not."""

    def saw_step(self, report: StepReport) -> None:
        """A step was made; tell of the checkpoint that came with it, if one did."""
        saved = self.session.saved
        if report.run is not None:
            if saved is None or saved.name != report.run:
                saved = SavedRun(report.run, report.step, self.resumed_at)
            self.session.saved = replace(saved, step=max(saved.step, report.step))
        if report.checkpoint is not None:
            self.session.tell_saved(report.checkpoint)

    async def begin_loop(
        self,
        settings: TrainSettings,
        request: LoopRequest[LoopReport],
        *,
        playing: bool = True,
        past: Past | None = None,
        resumed_at: int = 0,
    ) -> bool:
        """Begin a loop; False where it does not begin, which the user was told."""
        raise NotImplementedError

    def is_asked_already(self) -> bool:
        """Whether the run pauses, goes on or stops after its step; then the user is told."""
        asked = self.session.pending.state_of(LOOP)
        if asked is not None:
            self.excuse(f"The run {BECOMES[asked]} after this step.")
        return asked is not None

    async def resume(self, run: RunOnDisk, checkpoint: Path) -> None:
        """Go on with the run of a checkpoint, which is the model that is loaded."""
        step = step_of(checkpoint)
        try:
            settings = await in_thread(lambda: settings_here(run.description))
            past = await in_thread(
                lambda: past_up_to(run.folder, step, answer_only=settings.answer_only)
            )
        except InputError as error:  # the engine would say so after it has read all items
            self.session.report_failure(Failure(str(error)))
            return
        await self.begin_loop(
            settings,
            Resume(str(checkpoint), settings),
            past=past,
            resumed_at=step,
        )

    @work
    async def action_stop(self) -> None:
        if not self.session.is_live(LOOP):
            self.notify("No run is going: space starts one.", markup=False)
            return
        if self.is_asked_already():
            return
        question = Question(
            "Stop the run? The weights stay as they are. With a checkpoint it can be resumed.",
            (
                Choice("c", "continue"),
                Choice("s", "stop"),
                Choice("w", "save and stop"),
            ),
        )
        answer = await self.app.push_screen_wait(QuestionDialog(question))
        if answer in ("s", "w"):
            await self.session.end_training(save=answer == "w")
