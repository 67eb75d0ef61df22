"""A run of GSM8K under its keys: it starts, pauses, goes on, makes one step, stops."""

from tui_trainer.protocol.events import LoopState
from tui_trainer.screens.gsm8k.start import RunStart
from tui_trainer.screens.loop_panel import LoopPanel, LoopWords
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.session.going_on import Act
from tui_trainer.session.questions import Choice, Question

WORDS = LoopWords(
    none="No run is going: space starts one.",
    asked={
        LoopState.RUNNING: "The run goes on after this step.",
        LoopState.PAUSED: "The run pauses after this step.",
        LoopState.STOPPED: "The run stops after this step.",
    },
)
STOP = Question(
    "Stop the run? The weights stay as they are. With a checkpoint it can be resumed.",
    (
        Choice("c", "continue"),
        Choice("s", "stop"),
        Choice("w", "save and stop"),
    ),
)
STEPS_ASKED_AT_MOST = 8  # single steps: holding the key must not pile them up


class RunControls:
    """What a key does to the run that goes; where none does, it may start one."""

    def __init__(self, screen: WorkScreen, loop: LoopPanel, start: RunStart) -> None:
        self._screen, self._session = screen, screen.session
        self._loop, self._start = loop, start

    async def start_or_pause(self) -> None:
        loop = self._loop
        if loop.is_asked_already():
            return
        if loop.is_running:
            loop.play(False)
        elif not self._session.refuses(Act.TRAIN) and not self._start.is_under_way():
            if loop.is_live:
                loop.play(True)
            else:
                await self._start.start(playing=True)

    async def one_step(self) -> None:
        """A run that goes pauses; a paused one makes a step, and so does one that starts."""
        loop, session = self._loop, self._session
        if loop.is_running:
            if not loop.is_asked_already():
                loop.play(False)
        elif session.pending.steps_of(loop.name) >= STEPS_ASKED_AT_MOST:
            self._screen.excuse(f"{STEPS_ASKED_AT_MOST} steps are asked for already.")
        elif session.refuses(Act.TRAIN) or self._start.is_under_way():
            return
        elif loop.is_live or await self._start.start(playing=False):
            session.advance(loop.name)

    async def stop(self) -> None:
        """Asks first, and saves where that is wanted."""
        if self._loop.can_stop() and (answer := await self._session.put(STOP)) in ("s", "w"):
            await self._session.saving.end_training(save=answer == "w")
