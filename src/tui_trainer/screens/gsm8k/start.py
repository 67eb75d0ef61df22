"""A run of GSM8K is begun: from which weights, fresh or from a checkpoint."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tui_trainer.errors import InputError
from tui_trainer.failures import Failure
from tui_trainer.protocol.loop_reports import Report
from tui_trainer.protocol.loops import ReadBeginning, Resume, Train
from tui_trainer.protocol.models import Reload
from tui_trainer.protocol.request import LoopRequest
from tui_trainer.reports.loop import LoopReport
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.checkpoint_names import step_of
from tui_trainer.runs.home import runs_home
from tui_trainer.runs.listing import RunOnDisk, settings_here
from tui_trainer.runs.past import Past, past_up_to
from tui_trainer.screens.gsm8k.run_on_show import RunOnShow
from tui_trainer.screens.loop_panel import LoopPanel
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.session.disk import in_thread
from tui_trainer.session.questions import Choice, Question
from tui_trainer.session.saved_on_disk import saved_on_disk
from tui_trainer.settings.train import TrainSettings, with_alerts_of
from tui_trainer.words.loaded import describe_loaded
from tui_trainer.words.numbers import counted, so_far


class RunStart:
    """Begins a run and puts it on show; what is on show stays where none begins."""

    def __init__(
        self,
        screen: WorkScreen,
        loop: LoopPanel,
        run: RunOnShow,
        *,
        settings: Callable[[], TrainSettings],
        begun: Callable[[Past], None],
    ) -> None:
        """`settings` are those of the next run; `begun` hears of one, and what it goes on from."""
        self._screen, self._session = screen, screen.session
        self._loop, self._run = loop, run
        self._settings, self._begun = settings, begun
        self._is_over = asyncio.Event()
        """Whether no run was asked for that has not begun yet."""
        self._is_over.set()
        self._since = 0.0
        """When that one was asked for, by `time.monotonic`."""
        self._is_asking = False
        """Whether the user is asked first which weights the run is to start from."""
        self.tells_news = True
        """Whether what is reported is of now: that another view has begun is taken in first."""
        self.will_run = False
        """Whether it goes on by itself once it has begun."""
        self.steps = 0
        """How many steps it makes then before it pauses; 0 where it goes on to its end, or none."""

    def describe(self) -> str:
        """What is waited for, and for how long; empty where none is being started."""
        if not self.is_under_way:
            return ""
        if self._is_asking:
            return "STARTING from which weights?"
        seconds = so_far(time.monotonic() - self._since)
        return f"STARTING {seconds}: the problems are read{self._describe_then()}"

    def _describe_then(self) -> str:
        if self.steps > 1:
            return f", then it makes {self.steps} steps"
        return "" if self.will_run or self.steps else ", then it pauses"

    @property
    def is_under_way(self) -> bool:
        """Whether a run was asked for that has not begun."""
        return not self._is_over.is_set()

    async def over(self) -> None:
        """Wait until a run that was asked for has begun, or has not; at once where none was."""
        await self._is_over.wait()

    def then(self, *, playing: bool, steps: int = 0) -> None:
        """What the run does once it has begun: it goes on, for so many steps where those are not
        0, or it makes them one by one."""
        self.will_run, self.steps = playing, steps
        self._screen.show_waiting()

    async def start(self, *, playing: bool, steps: int = 0) -> None:
        """Begin a run with the settings of the next one."""
        with self._under_way(playing=playing, steps=steps):
            if await self._asked_for_weights():
                settings = self._settings()
                await self._begin(Train(settings), settings, Past())

    @contextmanager
    def _under_way(self, *, playing: bool, steps: int = 0) -> Iterator[None]:
        """From when it is asked for, until it begins or does not."""
        self._since = time.monotonic()
        self._is_over.clear()
        self.then(playing=playing, steps=steps)
        try:
            yield
        finally:
            self.steps = 0
            self._is_over.set()
            self._screen.show_waiting()

    async def resume(self, run: RunOnDisk, checkpoint: Path, *, playing: bool = True) -> None:
        """Go on with the run of a checkpoint, which is the model that is loaded."""
        with self._under_way(playing=playing):
            await self._resume(run, checkpoint)

    async def _resume(self, run: RunOnDisk, checkpoint: Path) -> None:
        step = step_of(checkpoint)
        try:
            own = await in_thread(lambda: settings_here(run.description))
            settings = with_alerts_of(own, self._settings())
            past = await in_thread(
                lambda: past_up_to(run.folder, step, answer_only=settings.answer_only)
            )
        except InputError as error:  # the engine would say so after it has read all items
            self._session.report_failure(Failure(str(error)))
            return
        await self._begin(Resume(str(checkpoint), settings), settings, past, resumed_at=step)

    async def _begin(
        self,
        request: LoopRequest[LoopReport],
        settings: TrainSettings,
        past: Past,
        resumed_at: int = 0,
    ) -> None:
        if not await self._loop.begin(request, playing=False):
            return
        self._run.begin(settings, past, resumed_at)
        self._begun(past)
        # Asked for before the first step, which may take its time.
        if (begun_with := await self._session.ask(ReadBeginning())) is not None:
            self._run.expect(*begun_with)
        if self.will_run:
            self._session.play(self._loop.name, True, self.steps)
        for _ in range(0 if self.will_run else self.steps):
            self._session.advance(self._loop.name)
        self._loop.show()

    async def adopt(
        self, request: LoopRequest[Report], add: Callable[[list[Report]], None]
    ) -> None:
        """Put a run on show that another view has begun, with all that it has made so far: what
        was reported last is still told, what came before it is on disk."""
        if not isinstance(request, Train | Resume):
            return
        resumed_at = step_of(Path(request.checkpoint)) if isinstance(request, Resume) else 0
        reports = self._session.drain(self._loop.name)
        past = await self._past_of(request, reports, resumed_at)
        begun_with = await self._session.ask(ReadBeginning())
        self._run.begin(request.settings, past, resumed_at)
        self._begun(past)
        if begun_with is not None:
            self._run.expect(*begun_with)
        self.tells_news = False
        try:
            add(reports)
        finally:
            self.tells_news = True
        last = self._run.report
        if last is not None and (name := last.run) is not None:
            step = last.step
            self._session.saved = await in_thread(lambda: saved_on_disk(name, step))

    async def _past_of(
        self, request: Train | Resume, reports: list[Report], resumed_at: int
    ) -> Past:
        """What the run made before the first of its `reports`, as its files have it."""
        first = next((one for one in reports if isinstance(one, StepReport)), None)
        before = resumed_at if first is None else first.step - 1
        if isinstance(request, Resume):
            folder = Path(request.checkpoint).parent.parent
        else:
            folder = runs_home() / ((first and first.run) or "")
        if not before or (first is not None and first.run is None):
            return Past()
        answer_only = request.settings.answer_only
        try:
            return await in_thread(lambda: past_up_to(folder, before, answer_only=answer_only))
        except InputError as error:
            self._session.report_failure(Failure(str(error)))
            return Past()

    async def _asked_for_weights(self) -> bool:
        """Whether to go on; asks where the weights are not the loaded ones any more."""
        session = self._session
        await session.refresh()
        status = session.status
        if status is None or status.updates == 0:
            return True
        answer = await self._answer(question_of_weights(status, session.choice.source))
        if answer == "w" and not await session.saving.save():
            return False
        if answer in ("r", "w"):
            await session.change(Reload())
            return session.status is not None and session.status.updates == 0
        return answer is not None

    async def _answer(self, question: Question) -> str | None:
        """What the user takes their time for is no time of the start."""
        self._is_asking = True
        self._screen.show_waiting()
        try:
            return await self._session.put(question)
        finally:
            self._is_asking = False
            self._since = time.monotonic()


def question_of_weights(status: LearnerStatus, source: str) -> Question:
    """From which weights a run is to start, those or what was loaded from `source`; what is under
    enter loses none, and is the same whether a file has them or not."""
    keep, again = Choice("k", "keep these"), Choice("r", "reload, then start")
    loaded = f"the loaded ones, {describe_loaded(source)}"
    words = f"The weights are {counted(status.updates, 'update')} away from {loaded}."
    if undo := status.history.undo:
        words += f" Step can undo {counted(undo, 'update')} now, and none of them after a run."
    if not status.unsaved:
        return Question(f"{words} Start from which?", (keep, again))
    words += f" No file has the last {status.unsaved:,}. Start from which?"
    return Question(words, (keep, Choice("w", "save, then reload"), again))
