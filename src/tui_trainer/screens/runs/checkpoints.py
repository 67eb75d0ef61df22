"""The part of Runs that takes up a checkpoint: resume it, load it, evaluate it."""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_trainer.errors import InputError
from tui_trainer.failures import Failure
from tui_trainer.runs.checkpoints import checkpoint_name
from tui_trainer.runs.home import CHECKPOINTS
from tui_trainer.runs.listing import RunOnDisk, settings_here
from tui_trainer.screens.dialogs.checkpoint_picker import CheckpointPicker
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.screens.runs.words import NAME_CHARACTERS, Listed
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.session.disk import in_thread
from tui_trainer.terminal_text import visible

NO_RUN = "There is no run to select: 5, then space, makes one."
WEIGHTS = Binding.Group("Weights ", compact=True)


class RunCheckpoints(WorkScreen):
    """Each of the three asks which checkpoint, where the run has several, and loads it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "r",
            "resume",
            "Resume",
            id="resume",
            tooltip="Resume the run from a checkpoint; it goes on on GSM8K",
            group=WEIGHTS,
        ),
        Binding(
            "l",
            "load",
            "Load",
            id="load",
            tooltip="Load a checkpoint as the model of all screens",
            group=WEIGHTS,
        ),
        Binding(
            "e",
            "evaluate",
            "Evaluate",
            id="evaluate",
            tooltip="Load a checkpoint and evaluate it on held-out items",
            group=WEIGHTS,
        ),
    ]
    _taking_up = False

    @property
    def selected(self) -> Listed | None:
        """The row at the cursor."""
        raise NotImplementedError

    @property
    def selected_run(self) -> RunOnDisk | None:
        """The run at the cursor; None, and a word, where there is none that can be read."""
        if isinstance(self.selected, RunOnDisk):
            return self.selected
        self.notify("Select a run that can be read." if self.selected else NO_RUN, markup=False)
        return None

    @work
    async def action_resume(self) -> None:
        if (run := self.selected_run) is None:
            return
        steps = run.description.steps
        left = tuple(step for step in run.checkpoints if not steps or step < steps)
        if run.checkpoints and not left:
            self.session.report_failure(
                Failure(
                    f"{run.name} has made all of its {steps:,} steps at its last checkpoint: load "
                    "that (l) and start a run of its own."
                )
            )
        elif (checkpoint := await self._load(run, left, "Resume")) is not None:
            screen = await self._loop_screen()
            await screen.resume(run, checkpoint)

    @work
    async def action_load(self) -> None:
        run = self.selected_run
        if run is not None and await self._load(run, run.checkpoints, "Load") is not None:
            self.notify("It is the model of all screens now: 1 to 5.", markup=False)

    @work
    async def action_evaluate(self) -> None:
        run = self.selected_run
        if run is not None and await self._load(run, run.checkpoints, "Evaluate") is not None:
            try:
                settings = await in_thread(lambda: settings_here(run.description))
            except InputError as error:
                self.session.report_failure(Failure(str(error)))
                return
            screen = await self._loop_screen()
            screen.open_evaluations(settings, evaluate=True)

    async def _load(self, run: RunOnDisk, steps: tuple[int, ...], what: str) -> Path | None:
        """Make a checkpoint the model, in the run's precision; None where that did not happen."""
        if self._taking_up:  # a key pressed twice
            return None
        self._taking_up = True
        try:
            step = await self._choose(run, steps, what)
            if step is None:
                return None
            folder = run.folder / CHECKPOINTS / checkpoint_name(step)
            precision = run.description.model.precision
            choice = replace(self.session.choice, source=str(folder), precision=precision)
            return folder if await self.session.load(choice) else None
        except InputError as error:  # a precision that there is not
            self.session.report_failure(Failure(str(error)))
            return None
        finally:
            self._taking_up = False

    async def _choose(self, run: RunOnDisk, steps: tuple[int, ...], what: str) -> int | None:
        """The step of a checkpoint; the user is asked where there are several."""
        name = visible(run.name, limit=NAME_CHARACTERS)
        if not steps:
            self.notify(
                f"{name} has no checkpoint: c makes one in a run, and so does the setting "
                "checkpoint every.",
                markup=False,
            )
            return None
        if len(steps) == 1:
            return steps[0]
        question = f"{what} which checkpoint of {name}?"
        return await self.app.push_screen_wait(CheckpointPicker(question, steps))

    async def _loop_screen(self) -> Gsm8kScreen:
        """Go to GSM8K, whatever lies over it."""
        await self.app.switch_mode("gsm8k")
        while len(self.app.screen_stack) > 1:
            await self.app.pop_screen()
        screen = self.app.screen
        assert isinstance(screen, Gsm8kScreen)
        return screen
