"""A run of GSM8K under its keys: it starts, pauses, goes on, makes one step, stops."""

from tui_trainer.errors import InputError
from tui_trainer.protocol.events import LoopState
from tui_trainer.screens.dialogs.entry import Entry
from tui_trainer.screens.gsm8k.start import RunStart
from tui_trainer.screens.loop_panel import LoopPanel, LoopWords
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.session.going_on import Act
from tui_trainer.session.questions import Choice, Question
from tui_trainer.settings.fields import OUT_OF_SIGHT
from tui_trainer.settings.typed_numbers import read_whole

WORDS = LoopWords(
    none="No run is going: space starts one.",
    asked={LoopState.STOPPED: "The run stops after this step."},
)
STOP = Question(
    "Stop the run? The weights stay as they are. With a checkpoint it can be resumed.",
    (
        Choice("c", "continue"),
        Choice("s", "stop"),
        Choice("w", "save and stop"),
    ),
)


STEPS = "So many steps from now on, then a pause."
USUAL_STEPS = 10


def read_steps(line: str) -> int:
    """How many steps, as typed; InputError where those are none."""
    steps = read_whole(line, "The number of steps")
    if not 1 <= steps <= OUT_OF_SIGHT:
        raise InputError(f"Make 1 step or more, up to {OUT_OF_SIGHT:,}.")
    return steps


class RunControls:
    """What a key does to the run that goes; where none does, it may start one.

    A key that is pressed before the one before it is done goes by what that asked for.
    """

    def __init__(self, screen: WorkScreen, loop: LoopPanel, start: RunStart) -> None:
        self._screen, self._session = screen, screen.session
        self._loop, self._start = loop, start
        self._steps = USUAL_STEPS
        """What was typed last."""

    async def start_or_pause(self) -> None:
        loop, start = self._loop, self._start
        if loop.is_asked_already():
            return
        if start.is_under_way:
            start.then(playing=not start.will_run)
        elif loop.will_run:
            loop.play(False)
        elif not self._session.refuses(Act.TRAIN):
            if loop.is_live:
                loop.play(True)
            else:
                await start.start(playing=True)

    async def one_step(self) -> None:
        """A run that goes pauses; a paused one makes a step, and so does one that starts."""
        loop, start, session = self._loop, self._start, self._session
        if loop.is_asked_already():
            return
        if start.is_under_way and start.will_run:
            start.then(playing=False)
        elif loop.will_run:
            loop.play(False)
        elif not self._screen.keeps_typed(session.pending.steps_of(loop.name) + start.steps):
            return
        elif start.is_under_way:
            start.then(playing=False, steps=start.steps + 1)
        elif not session.refuses(Act.TRAIN):
            if loop.is_live:
                session.advance(loop.name)
            else:
                await start.start(playing=False, steps=1)

    async def several_steps(self) -> None:
        """As many as are typed, from now on, whether it runs or is paused; then it pauses."""
        if self._loop.is_asked_already():
            return
        entry = Entry("steps", STEPS, str(self._steps), read_steps)
        if (steps := await self._screen.app.push_screen_wait(entry)) is None:
            return
        self._steps = steps
        if self._start.is_under_way:
            self._start.then(playing=True, steps=steps)
        elif not self._loop.is_asked_already() and not self._session.refuses(Act.TRAIN):
            if self._loop.is_live:
                self._loop.play(True, steps)
            else:
                await self._start.start(playing=True, steps=steps)

    async def stop(self) -> None:
        """Asks first, and saves where that is wanted."""
        if not self._loop.is_live:
            await self._start.over()
        if self._loop.can_stop() and (answer := await self._session.put(STOP)) in ("s", "w"):
            await self._session.saving.end_training(save=answer == "w")
