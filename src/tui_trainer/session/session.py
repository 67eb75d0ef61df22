"""What the screens share: the worker, and what they last heard of the model and the loops."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from textual.app import App
from textual.signal import Signal

from tui_trainer.configuration.kept import Kept
from tui_trainer.configuration.layers import Configuration
from tui_trainer.failures import Failure
from tui_trainer.lost_device import REFUSALS
from tui_trainer.protocol.events import DeviceLost, Event, LoopChanged, LoopState, WorkerFailed
from tui_trainer.protocol.loop_names import BENCH, EVALUATION, GSM8K, LOOP_TITLES, TRAINING_LOOPS
from tui_trainer.protocol.models import ReadStatus
from tui_trainer.protocol.numbered import Numbered, missed
from tui_trainer.protocol.request import LoopRequest, Request
from tui_trainer.reports.models import LearnerStatus, LoadProgress
from tui_trainer.reports.steps import StepReport
from tui_trainer.reports.threads import ThreadShare
from tui_trainer.reports.tokens import TokenizerReport
from tui_trainer.session.going_on import STARTS, Act, GoingOn
from tui_trainer.session.guide import Guide, Task
from tui_trainer.session.guide_ticks import Ticks
from tui_trainer.session.keeping import Keeping
from tui_trainer.session.leaving import LOAD, Leaving
from tui_trainer.session.other_views import OtherViews
from tui_trainer.session.pending import Pending
from tui_trainer.session.questions import Question
from tui_trainer.session.saved_run import SavedRun
from tui_trainer.session.saving import Saving
from tui_trainer.session.text_examples import NOTEBOOK_TEXT
from tui_trainer.settings.model import ModelChoice
from tui_trainer.terminal_text import visible
from tui_trainer.words.numbers import counted

if TYPE_CHECKING:
    from tui_trainer.protocol.any_worker import AnyWorker
    from tui_trainer.protocol.loop_reports import Report
    from tui_trainer.reports.predictions import Position
    from tui_trainer.session.benches import Benches
    from tui_trainer.session.evaluations import Evaluations
    from tui_trainer.session.loading import ModelLoading

Reply = TypeVar("Reply")
NOT_DRAWN = (
    "{reports} of {title} came while this terminal took none, and are not on show; a run on disk "
    "has every step (6)."
)


class Session(GoingOn):
    """The interface's side of the worker. Lives on the UI's thread."""

    def __init__(
        self,
        app: App[int],
        worker: "AnyWorker",
        choice: ModelChoice,
        *,
        show: Callable[[Failure], None],
        put: Callable[[Question], Awaitable[str | None]],
        configuration: Configuration,
        kept: Kept,
    ) -> None:
        """`show` opens a dialog on a failure of ours; `put` gives the key of the user's answer,
        None where they escaped."""
        super().__init__()
        self._show = show
        self.put = put
        self.app = app
        self.worker = worker
        self.configuration = configuration
        """What the user set once: where settings begin."""
        self.kept = Keeping(kept)
        self.choice = choice
        """The model that is loaded, or being loaded."""
        self.tokenizer: TokenizerReport | None = None
        """The tokenizer of `choice`; there before its model is."""
        self.chosen_position: Position | None = None
        """The position that is opened on Predict, with the logits of its most likely tokens."""
        self.threads: ThreadShare | None = None  # until their number becomes another
        self.pending = Pending()
        self._heard = 0
        """The number of the last event."""
        self._drained: dict[str, int] = {}
        """The number of the last report of each loop."""
        self.saving = Saving(self)
        self.others = OtherViews(self)
        self.saved: SavedRun | None = None
        """The run on disk of the loop of GSM8K, as far as was heard of it."""
        self.changing = 0
        """Requests that may change the weights and are not answered yet."""
        self.changes = 0
        """How often the weights changed, or what is saved of them, without a new `status`."""
        self.changes_told = 0
        """How many of these `status` tells: those before it was asked for."""
        self.status_changed: Signal[LearnerStatus] = Signal(app, "status")
        self.tokenizer_changed: Signal[TokenizerReport | None] = Signal(app, "tokenizer")
        """Published with None where none could be loaded."""
        self.loop_changed: Signal[LoopChanged] = Signal(app, "loop")
        self.text = NOTEBOOK_TEXT
        """What Tokens, Predict and Step have in their boxes, but for one that keeps its own."""
        self.text_changed: Signal[str] = Signal(app, "text")
        self.task_done: Signal[Task] = Signal(app, "task")
        self.guide = Guide(self._task_was_done)
        self.ticks = Ticks()

    def share_text(self, text: str) -> None:
        """Tell the other screens; each takes it when it is opened."""
        if text != self.text:
            self.take_text(text)
            self.worker.share_text(text)

    def take_text(self, text: str) -> None:
        """What was typed here or at another view."""
        self.text = text
        self.text_changed.publish(text)

    def _task_was_done(self, task: Task) -> None:
        self.ticks.append(task.name)
        self.task_done.publish(task)

    async def ask(
        self,
        request: Request[Reply],
        on_failure: Callable[[Failure], None] | None = None,
    ) -> Reply | None:
        """The reply of the worker; None where it failed, which the user is then told.

        `on_failure` tells it in another way than a notification or a dialog.
        """
        return await self.reply(self.worker.ask(request), request.doing, on_failure)

    async def reply(
        self,
        future: "Future[Reply]",
        what: str,
        on_failure: Callable[[Failure], None] | None = None,
    ) -> Reply | None:
        """As `ask`, for a request that was put in line already."""
        try:
            return await self._answer(future, what)
        except Failure as failure:
            (on_failure or self.report_failure)(failure)
            return None

    async def _answer(self, future: "Future[Reply]", what: str) -> Reply:
        """What the worker answers; whoever waits is cancelled once the app closes.

        Textual takes a screen's widgets away some time before it cancels what the screen waits for.
        """
        self.pending.add(what, future)
        try:
            return await asyncio.wrap_future(future)
        finally:
            if not self.app.is_running:
                raise asyncio.CancelledError

    # What is not wanted before the first frame is imported when it is.

    @cached_property
    def loading_model(self) -> "ModelLoading":
        from tui_trainer.session.loading import ModelLoading  # noqa: PLC0415  # as said above

        return ModelLoading(self)

    @cached_property
    def evaluations(self) -> "Evaluations":
        from tui_trainer.session.evaluations import Evaluations  # noqa: PLC0415  # as said above

        return Evaluations(self.configuration)

    @cached_property
    def benches(self) -> "Benches":
        from tui_trainer.session.benches import Benches  # noqa: PLC0415  # as said above

        return Benches(self.configuration)

    def report_failure(self, failure: Failure) -> None:
        """A sentence for what the user can mend, a dialog with the traceback for the rest."""
        if failure.traceback is not None:
            self._show(failure)
        elif self.device_lost or failure.sentence not in REFUSALS:  # else its dialog is on its way
            self.app.notify(
                visible(failure.sentence),
                severity="information" if failure.cancelled else "error",
                markup=False,
                timeout=10,
            )

    def sentence_of(self, failure: Failure) -> str:
        """What failed, for a line on a screen; what the user cannot mend has its dialog too."""
        if failure.traceback is not None:
            self.report_failure(failure)
        return visible(failure.sentence)

    # Model

    async def load(self, choice: ModelChoice, leaving: Leaving = LOAD) -> bool:
        """As `ModelLoading.load`."""
        return await self.loading_model.load(choice, leaving)

    async def update(
        self,
        request: Request[Reply],
        on_failure: Callable[[Failure], None] | None = None,
    ) -> Reply | None:
        """As `ask`, for what may change the weights: until it is answered they count as changed."""
        self.changing += 1
        try:
            return await self.ask(request, on_failure)
        finally:
            self.changing -= 1

    async def change(self, request: Request[LearnerStatus]) -> None:
        """Ask for something that changes the Learner, and tell every screen its new status."""
        if (status := await self.update(request)) is not None:
            self.publish(status)

    async def refresh(self) -> None:
        """Hear what the Learner holds now."""
        changes = self.changes
        heard = await self.ask(ReadStatus())
        if heard is None:
            return
        self.changes_told = changes
        if heard[0] is not None:
            self.publish(heard[0])
        else:
            self.status = None

    def saw_updates(self, updates: int, *, saved: bool = False) -> None:
        """A step's report is there before the status is that the same step made: how far a loop is
        and how much is unsaved are told of the same step."""
        if self.status is not None and (more := updates - self.status.updates) > 0:
            unsaved = 0 if saved else self.status.unsaved + more
            self.status = replace(self.status, updates=updates, unsaved=unsaved)

    def publish(self, status: LearnerStatus) -> None:
        self.status = status
        self.status_changed.publish(status)

    def refuses(self, act: Act) -> bool:
        """Whether `act` may not be done now; then the user is told why."""
        if reason := self.why_not(act):
            self.app.notify(reason, severity="warning", markup=False)
        return bool(reason)

    def reads_from(self, folder: Path) -> bool:
        """Whether a model is being loaded from there, or a run of it is being started."""
        choice = self.loading_choice or (self.choice if self.is_starting(GSM8K) else None)
        return choice is not None and Path(choice.source).is_relative_to(folder)

    def begin_again(self) -> None:
        """There is another engine in the place of the one that was lost: it has nothing yet."""
        self.status = self.device_lost = self.loading = None
        self._heard = 0
        for name in (*self.loops, *self._starting):
            self.pending.forget(name)
        for of_loops in (self.loops, self._far, self._drained, self.others.begun, self._starting):
            of_loops.clear()

    # Loops

    async def start_loop(
        self,
        name: str,
        request: "LoopRequest[Report]",
        *,
        playing: bool = True,
        on_failure: Callable[[Failure], None] | None = None,
    ) -> bool:
        """Begin a loop on the worker; False where it cannot begin, which the user was told."""
        report = on_failure or self.report_failure
        if reason := self.why_not(STARTS[name]):
            report(Failure(reason))
            return False
        self._starting.add(name)
        try:
            started = self.worker.start_loop(name, request, playing=playing)
            await self._answer(started, request.doing)
            self._drained[name], self._far[name] = 0, ""
            self.others.begun.pop(name, None)
        except Failure as failure:
            self._starting.discard(name)
            self.pending.forget(name)
            report(failure)
            return False
        except asyncio.CancelledError:
            self._starting.discard(name)
            raise
        finally:
            self.loading = None
            self.app.refresh_bindings()
        return True

    def play(self, name: str, playing: bool, steps: int = 0) -> None:
        """Go on with a loop, for so many `steps` or to its end, or pause it after its step."""
        self.worker.play(name, playing, steps)
        self.pending.ask_state(name, LoopState.RUNNING if playing else LoopState.PAUSED)

    def advance(self, name: str) -> None:
        """Make one step of a paused loop."""
        self.worker.advance(name)
        self.pending.ask_step(name)

    def stop_loop(self, name: str) -> None:
        """End a loop after the step that it makes."""
        self.worker.stop_loop(name)
        if self.is_live(name):
            self.pending.ask_state(name, LoopState.STOPPED)

    def step_seconds(self, name: str) -> float | None:
        """How long the step that a loop makes has taken so far; None between two."""
        doing = self.worker.doing
        if doing is None or doing.loop != name:
            return None
        return max(0.0, time.monotonic() - doing.since)

    def follow_from_here(self, name: str) -> None:
        """A loop that goes already: the first report that comes need not be its first."""
        self._drained.pop(name, None)
        self._far[name] = ""

    def drain(self, name: str) -> "list[Report]":
        """The reports of a loop since the last call, oldest first; none while the app closes.

        Where the terminal stood still for so long that some were not kept, the user is told.
        """
        numbered = self.worker.drain(name) if self.app.is_running else []
        if name in self._drained and (lost := missed(self._drained[name], numbered)):
            self.app.notify(
                NOT_DRAWN.format(reports=counted(lost, "report"), title=LOOP_TITLES[name]),
                severity="warning",
                markup=False,
                timeout=10,
            )
        if numbered:
            self._drained[name] = numbered[-1].number
        reports = self.saw_reports(name, [report.what for report in numbered])
        if steps := [report for report in reports if isinstance(report, StepReport)]:
            self.saw_updates(steps[-1].updates, saved=steps[-1].is_saved)
        return reports

    def pause_training(self) -> str:
        """Pause what changes the weights; its title, empty where nothing does."""
        paused = [name for name in TRAINING_LOOPS if self.is_running(name)]
        for name in paused:
            self.play(name, playing=False)
        return " and ".join(LOOP_TITLES[name] for name in paused)

    def wait_for_disk(self, seconds: float) -> str:
        """At the end, until all that is small is written, or for so long; what could not be kept,
        in a sentence."""
        self.ticks.wait(seconds)
        self.kept.wait(seconds)
        if "evaluations" not in vars(self):  # nobody evaluated
            return ""
        if (report := self.evaluations.end()) is not None:  # the end of the app ended it
            self.evaluations.kept.keep(report)
        return self.evaluations.kept.wait(seconds)

    def hear(self, event: Numbered[Event]) -> None:
        """Take in an event of the worker; one that was heard before is passed over."""
        if event.number <= self._heard:
            return
        self._heard = event.number
        what = event.what
        if isinstance(what, LoadProgress):
            self.loading = what
        elif isinstance(what, ThreadShare):
            self.threads = what
        elif isinstance(what, WorkerFailed):
            self.report_failure(what.failure)
        elif isinstance(what, DeviceLost):
            self.device_lost = what
        else:
            self._hear_of_loop(what)

    def _hear_of_loop(self, change: LoopChanged) -> None:
        self.loops[change.name] = change.state
        self._starting.discard(change.name)
        self.changes += change.name in TRAINING_LOOPS
        self.pending.hear(change)
        if change.name == EVALUATION and change.state.is_over:
            self.evaluations.add(self.drain(EVALUATION))
            self.evaluations.end_in(self)
        if change.name == BENCH and change.state.is_over:
            self.benches.add(self.drain(BENCH))
            self.benches.end()
        if change.failure is not None:
            self.report_failure(change.failure)
        self.loop_changed.publish(change)
