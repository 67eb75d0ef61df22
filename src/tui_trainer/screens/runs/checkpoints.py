"""A checkpoint of a run on disk is taken up: resumed, loaded, evaluated."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tui_trainer.errors import InputError
from tui_trainer.failures import Failure
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.runs.curve import LossCurve
from tui_trainer.runs.description import ModelIdentity
from tui_trainer.runs.listing import RunOnDisk, settings_here
from tui_trainer.runs.pace import is_same_model
from tui_trainer.screens.dialogs.checkpoint_picker import CheckpointPicker
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.screens.runs.words import best_of, describe_validated
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.session.checkpoint_choice import checkpoint_folder, choice_of_checkpoint
from tui_trainer.session.disk import in_thread
from tui_trainer.session.going_on import Act
from tui_trainer.session.leaving import LOAD, Leaving
from tui_trainer.terminal_text import visible, visible_source
from tui_trainer.words.loaded import describe_loaded
from tui_trainer.words.runs import NAME_CHARACTERS

RESUMED = "Goes on from {what}, as a run of its own. That is what R goes back to now."
RESUME, EVALUATE = (
    Leaving(verb, "Load other weights?", Act.LOAD) for verb in ("resume", "evaluate")
)
LOADED = "The model of all screens is {what} now, which R goes back to."


class RunCheckpoints:
    """Each of the three asks which checkpoint, where the run has several, and loads it."""

    def __init__(self, screen: WorkScreen, curve: Callable[[RunOnDisk], LossCurve]) -> None:
        """`curve` gives what was read of a run's metrics."""
        self._screen, self._session = screen, screen.session
        self._curve = curve
        self._taking_up = False

    async def resume(self, run: RunOnDisk) -> None:
        """Go on with a run from a checkpoint, on GSM8K."""
        steps = run.description.steps
        left = tuple(step for step in run.checkpoints if not steps or step < steps)
        if run.checkpoints and not left:
            self._session.report_failure(
                Failure(
                    f"{run.name} has made all of its {steps:,} steps at its last checkpoint: load "
                    "that (l) and start a run of its own."
                )
            )
        elif (checkpoint := await self._load(run, left, RESUME)) is not None:
            self._screen.notify(RESUMED.format(what=describe_loaded(str(checkpoint))), markup=False)
            screen = await self._loop_screen()
            await screen.resume(run, checkpoint)

    async def load(self, run: RunOnDisk) -> None:
        """Make a checkpoint the model of all screens."""
        if (checkpoint := await self._load(run, run.checkpoints, LOAD)) is not None:
            self._screen.notify(LOADED.format(what=describe_loaded(str(checkpoint))), markup=False)

    async def evaluate(self, run: RunOnDisk) -> None:
        """Make a checkpoint the model, and evaluate it over GSM8K."""
        if await self._load(run, run.checkpoints, EVALUATE) is not None:
            try:
                settings = await in_thread(lambda: settings_here(run.description))
            except InputError as error:
                self._session.report_failure(Failure(str(error)))
                return
            screen = await self._loop_screen()
            screen.open_evaluations(settings, evaluate=True)

    async def _load(self, run: RunOnDisk, steps: tuple[int, ...], to: Leaving) -> Path | None:
        """Make a checkpoint the model, in the run's precision; None where that did not happen.

        Who resumes or evaluates a run did not ask for another model: they are asked first.
        """
        if self._taking_up:  # a key pressed twice
            return None
        self._taking_up = True
        try:
            step = await self._choose(run, steps, to.verb.capitalize())
            if step is None:
                return None
            choice = choice_of_checkpoint(run, step, self._session.choice)
            if to is not LOAD:
                to = replace(to, also=another_model(run.description.model, self._session.status))
            is_loaded = await self._session.load(choice, to)
            return checkpoint_folder(run, step) if is_loaded else None
        except InputError as error:  # a precision that there is not
            self._session.report_failure(Failure(str(error)))
            return None
        finally:
            self._taking_up = False

    async def _choose(self, run: RunOnDisk, steps: tuple[int, ...], what: str) -> int | None:
        """The step of a checkpoint; the user is asked where there are several."""
        name = visible(run.name, limit=NAME_CHARACTERS)
        if not steps:
            self._screen.notify(
                f"{name} has no checkpoint: c makes one in a run, and so does the setting "
                "checkpoint every.",
                markup=False,
            )
            return None
        if len(steps) == 1:
            return steps[0]
        question = f"{what} which checkpoint of {name}?"
        curve = self._curve(run)
        best = best_of(run, curve)
        picker = CheckpointPicker(
            question, steps, lambda step: describe_validated(step, curve, best)
        )
        return await self._screen.app.push_screen_wait(picker)

    async def _loop_screen(self) -> Gsm8kScreen:
        """Go to GSM8K, whatever lies over it."""
        app = self._screen.app
        await app.switch_mode("gsm8k")
        while len(app.screen_stack) > 1:
            await app.pop_screen()
        screen = app.get_screen_stack("gsm8k")[0]  # the user may have gone elsewhere meanwhile
        assert isinstance(screen, Gsm8kScreen)
        return screen


def another_model(trained: ModelIdentity, status: LearnerStatus | None) -> str:
    """That a run is of another model than the one that is loaded; empty where it is of that."""
    here = None if status is None else status.model
    if here is None or is_same_model(trained, here):
        return ""
    of, loaded = (visible_source(one.name, NAME_CHARACTERS) for one in (trained, here))
    return f"The run is of {of}, which takes the place of {loaded} on all screens."
