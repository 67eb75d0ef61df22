"""Checkpoints on GSM8K: save one now, stop with or without one, go on from one."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_trainer.engine.errors import InputError
from tui_trainer.engine.loop_reports import LoopReport
from tui_trainer.engine.reports import StepReport
from tui_trainer.engine.run_reports import CheckpointReport
from tui_trainer.engine.settings import TrainSettings
from tui_trainer.runs.checkpoints import step_of
from tui_trainer.runs.curve import series_up_to
from tui_trainer.runs.listing import RunOnDisk, settings_here
from tui_trainer.runs.loss_series import LossSeries
from tui_trainer.screens.disk import in_thread
from tui_trainer.screens.export import export_binding
from tui_trainer.screens.question import Answer, Question
from tui_trainer.screens.saved_run import SavedRun
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.terminal_text import visible
from tui_trainer.words.numbers import byte_count, seconds_of
from tui_trainer.worker import Failure

if TYPE_CHECKING:
    from tui_trainer.engine.engine import Engine

LOOP = "gsm8k"
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
        Binding(
            "c",
            "checkpoint",
            "Save",
            id="checkpoint",
            tooltip="Write a checkpoint now",
            group=RUN,
        ),
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
            self._tell(report.checkpoint)

    async def begin_loop(
        self,
        settings: TrainSettings,
        make: "Callable[[Engine], Iterator[LoopReport]]",
        *,
        playing: bool = True,
        past: LossSeries | None = None,
        resumed_at: int = 0,
    ) -> bool:
        """Begin a loop; False where it does not begin, which the user was told."""
        raise NotImplementedError

    async def resume(self, run: RunOnDisk, checkpoint: Path) -> None:
        """Go on with the run of a checkpoint, which is the model that is loaded."""
        step = step_of(checkpoint)
        try:
            settings = settings_here(run.description)
            past = await in_thread(lambda: series_up_to(run.folder, step))
        except InputError as error:  # the engine would say so after it has read all items
            self.session.tell(Failure(str(error)))
            return
        await self.begin_loop(
            settings,
            lambda engine: engine.resume(str(checkpoint), settings, record=True),
            past=past,
            resumed_at=step,
        )

    def _tell(self, checkpoint: CheckpointReport) -> None:
        if checkpoint.failure is not None:
            self.notify(visible(checkpoint.failure), severity="error", markup=False, timeout=10)
            return
        step = checkpoint.step
        self.session.saved = SavedRun(checkpoint.run, step, step)
        self.notify(
            f"Checkpoint of step {step:,} saved: {byte_count(checkpoint.bytes)} in "
            f"{seconds_of(checkpoint.seconds)}.\nRun {visible(checkpoint.run)}",
            markup=False,
        )

    @work
    async def action_checkpoint(self) -> None:
        if not self.session.is_live(LOOP):
            self.notify("No run is going: space starts one.", markup=False)
            return
        saved = await self.session.ask(lambda engine: engine.checkpoint(), "Saving")
        if saved is not None:
            self._tell(saved)

    @work
    async def action_stop(self) -> None:
        if not self.session.is_live(LOOP):
            self.notify("No run is going: space starts one.", markup=False)
            return
        question = Question(
            "Stop the run? The weights stay as they are. With a checkpoint it can be resumed.",
            (
                Answer("c", "continue"),
                Answer("s", "stop"),
                Answer("w", "save and stop"),
            ),
        )
        answer = await self.app.push_screen_wait(question)
        if answer == "s":
            self.session.worker.stop_loop(LOOP)
        elif answer == "w" and (saved := await self.session.save_and_stop(LOOP)) is not None:
            self._tell(saved)
