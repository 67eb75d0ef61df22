"""What the screens share: the worker, and what they last heard of the model and the loops."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from textual.app import App
from textual.signal import Signal

from tui_trainer.engine.reports import LearnerStatus, LoadProgress, Position, TokenizerReport
from tui_trainer.engine.settings import ModelChoice
from tui_trainer.screens.failure import FailureDialog
from tui_trainer.screens.guide import Guide, Task
from tui_trainer.screens.guide_ticks import keep_tick, kept_ticks
from tui_trainer.screens.saved_run import SavedRun
from tui_trainer.terminal_text import visible
from tui_trainer.worker import (
    Event,
    Failure,
    LoopChanged,
    LoopState,
    Report,
    Worker,
    WorkerFailed,
)

if TYPE_CHECKING:
    from tui_trainer.engine.engine import Engine
    from tui_trainer.engine.run_reports import CheckpointReport
    from tui_trainer.screens.benches import Benches
    from tui_trainer.screens.evaluations import Evaluations

Reply = TypeVar("Reply")
EVALUATION, BENCH = "evaluation", "bench"
"""The names of their loops on the worker."""
LOOP_TITLES = {
    "gsm8k": "GSM8K",
    "step": "Step",
    "predict": "Predict",
    EVALUATION: "Evaluation",
    BENCH: "Bench",
}
TRAINING_LOOPS = "gsm8k", "step"  # the others leave the weights as they are
BENCH_RUNS = (
    "A bench is running, and anything beside it would slow its loops: wait, or stop it (6, b, s)."
)


class Session:
    """The interface's side of the worker. Lives on the UI's thread."""

    def __init__(self, app: App[int], worker: Worker, choice: ModelChoice) -> None:
        self._app = app
        self.worker = worker
        self.choice = choice
        """The model that is loaded, or being loaded."""
        self.tokenizer: TokenizerReport | None = None
        """The tokenizer of `choice`; there before its model is."""
        self.status: LearnerStatus | None = None
        self.chosen_position: Position | None = None
        """The position that is opened on Predict, with the logits of its most likely tokens."""
        self.loading: LoadProgress | None = None
        self.loops: dict[str, LoopState] = {}
        self.saved: SavedRun | None = None
        """The run on disk of the loop of GSM8K that goes, as far as was heard of it."""
        self.status_changed: Signal[LearnerStatus] = Signal(app, "status")
        self.tokenizer_changed: Signal[TokenizerReport | None] = Signal(app, "tokenizer")
        """Published with None where none could be loaded."""
        self.loop_changed: Signal[LoopChanged] = Signal(app, "loop")
        self.task_done: Signal[Task] = Signal(app, "task")
        self.guide = Guide(self._task_was_done, kept_ticks())

    def _task_was_done(self, task: Task) -> None:
        keep_tick(task.name)
        self.task_done.publish(task)

    async def ask(
        self,
        request: "Callable[[Engine], Reply]",
        doing: str,
        on_failure: Callable[[Failure], None] | None = None,
    ) -> Reply | None:
        """The reply of the worker; None where it failed, which the user is then told.

        `on_failure` tells it in another way than a notification or a dialog.
        """
        return await self._reply(self.worker.ask(request, doing), on_failure)

    async def _reply(
        self, future: "Future[Reply]", on_failure: Callable[[Failure], None] | None = None
    ) -> Reply | None:
        try:
            return await self._answer(future)
        except Failure as failure:
            (on_failure or self.tell)(failure)
            return None

    async def _answer(self, future: "Future[Reply]") -> Reply:
        """What the worker answers; whoever waits is cancelled once the app closes.

        Textual takes a screen's widgets away some time before it cancels what the screen waits for.
        """
        try:
            return await asyncio.wrap_future(future)
        finally:
            if not self._app.is_running:
                raise asyncio.CancelledError

    # What is not wanted before the first frame is imported when it is.

    @cached_property
    def evaluations(self) -> "Evaluations":
        from tui_trainer.screens.evaluations import Evaluations  # noqa: PLC0415  # as said above

        return Evaluations()

    @cached_property
    def benches(self) -> "Benches":
        from tui_trainer.screens.benches import Benches  # noqa: PLC0415  # as said above

        return Benches()

    def tell(self, failure: Failure) -> None:
        """A sentence for what the user can mend, a dialog with the traceback for the rest."""
        if failure.traceback is None:
            self._app.notify(
                visible(failure.sentence),
                severity="information" if failure.cancelled else "error",
                markup=False,
                timeout=10,
            )
        else:
            self._app.push_screen(FailureDialog(failure))

    # Model

    async def load(self, choice: ModelChoice) -> bool:
        """Load a tokenizer, so that Tokens can be used, and then its model.

        False where the model was not loaded, which the user was told.
        """
        if any(self.is_live(name) for name in self.loops):
            self.tell(Failure("A loop uses this model: stop it before you load another."))
            return False
        before, self.choice = (self.choice, self.tokenizer), choice
        ready = await self.ask(lambda engine: engine.load_tokenizer(choice.source), "Loading")
        status = None
        if ready is not None or self.tokenizer is None:
            self._publish_tokenizer(ready)
        if ready is not None:
            # Tokens may ask first: the thread is busy for as long as the model loads.
            await asyncio.sleep(0)
            status = await self.ask(lambda engine: engine.load_model(choice), "Loading")
        self.loading = None
        self._app.refresh_bindings()
        if status is not None:
            self.publish(status)
            self._tell_notes(status)
        elif self.status is not None:
            self.choice, tokenizer = before
            if tokenizer != self.tokenizer:
                self._publish_tokenizer(tokenizer)
        return status is not None

    def _tell_notes(self, status: LearnerStatus) -> None:
        """What loading the model had to say."""
        for note in status.model.notes:
            self._app.notify(visible(note), severity="warning", markup=False, timeout=10)

    def _publish_tokenizer(self, tokenizer: TokenizerReport | None) -> None:
        self.tokenizer = tokenizer
        self.tokenizer_changed.publish(tokenizer)

    async def change(self, request: "Callable[[Engine], LearnerStatus]", doing: str) -> None:
        """Ask for something that changes the Learner, and tell every screen its new status."""
        if (status := await self.ask(request, doing)) is not None:
            self.publish(status)

    async def refresh(self) -> None:
        """Hear what the Learner holds now."""
        if (status := await self.ask(lambda engine: engine.status(), "")) is not None:
            self.publish(status)

    def publish(self, status: LearnerStatus) -> None:
        self.status = status
        self.status_changed.publish(status)

    # Loops

    async def start_loop(
        self,
        name: str,
        make: "Callable[[Engine], Iterator[Report]]",
        *,
        playing: bool = True,
        on_failure: Callable[[Failure], None] | None = None,
    ) -> bool:
        """Begin a loop on the worker; False where it cannot begin, which the user was told."""
        if self.is_live(BENCH):
            (on_failure or self.tell)(Failure(BENCH_RUNS))
            return False
        try:
            await self._answer(self.worker.start_loop(name, make, playing=playing))
        except Failure as failure:
            (on_failure or self.tell)(failure)
            return False
        return True

    async def save_and_stop(self, name: str) -> "CheckpointReport | None":
        """Save a loop as it is now and end it there; None where it could not be saved.

        Then the user was told, and it is paused.
        """
        future = self.worker.end_loop(name, lambda engine: engine.checkpoint(), "Saving")
        return await self._reply(future)

    def drain(self, name: str) -> list[Report]:
        """The reports of a loop since the last call, oldest first; none while the app closes."""
        return self.worker.drain(name) if self._app.is_running else []

    def is_live(self, name: str) -> bool:
        """Whether there is such a loop, running or paused."""
        state = self.loops.get(name)
        return state is not None and not state.is_over

    @property
    def has_unsaved_steps(self) -> bool:
        """Whether the loop of GSM8K goes, or is paused, with steps that are in no checkpoint."""
        return self.is_live("gsm8k") and self.saved is not None and self.saved.unsaved > 0

    def is_running(self, name: str) -> bool:
        return self.loops.get(name) is LoopState.RUNNING

    @property
    def is_training(self) -> bool:
        """Whether a loop changes the weights now."""
        return any(self.is_running(name) for name in TRAINING_LOOPS)

    def pause_training(self) -> str:
        """Pause what changes the weights; its title, empty where nothing does."""
        paused = [name for name in TRAINING_LOOPS if self.is_running(name)]
        for name in paused:
            self.worker.play(name, playing=False)
        return " and ".join(LOOP_TITLES[name] for name in paused)

    def running_beside_training(self) -> str:
        """The titles of the running loops that leave the weights as they are."""
        names = [n for n in self.loops if self.is_running(n) and n not in TRAINING_LOOPS]
        return " and ".join(LOOP_TITLES[name] for name in names)

    def holds_weights(self) -> bool:
        """Whether an evaluation needs the weights as they are, or a bench the machine.

        Then the user is told.
        """
        if self.is_live(BENCH):
            self._app.notify(BENCH_RUNS, severity="warning", markup=False)
            return True
        if not self.is_live(EVALUATION):
            return False
        self._app.notify(
            "An evaluation is running, and all its answers must be of the same weights: wait, or "
            "stop it (5, E, s), which keeps what was scored.",
            severity="warning",
            markup=False,
        )
        return True

    def _end_evaluation(self) -> None:
        """Keep what was scored, wherever the user is."""
        self.evaluations.take(self.drain(EVALUATION))
        report = self.evaluations.end()
        pairing = report and self.evaluations.pairing(report)
        if pairing:
            self.guide.saw_comparison(pairing)

    def hear(self, event: Event) -> None:
        """Take in an event of the worker."""
        if isinstance(event, LoadProgress):
            self.loading = event
            return
        if isinstance(event, WorkerFailed):
            self.tell(event.failure)
            return
        self.loops[event.name] = event.state
        if event.name == EVALUATION and event.state.is_over:
            self._end_evaluation()
        if event.name == BENCH and event.state.is_over:
            self.benches.take(self.drain(BENCH))
            self.benches.end()
        if event.failure is not None:
            self.tell(event.failure)
        self.loop_changed.publish(event)
