"""What can be done about a step that alarmed: look at its row, go back to before it, go on."""

import asyncio
from collections.abc import Callable

from tui_trainer.errors import InputError
from tui_trainer.failures import Failure
from tui_trainer.reports.alerts import Alert
from tui_trainer.reports.loop import HaltReport, LoopReport, alerts_of
from tui_trainer.runs.checkpoint_before import checkpoint_before
from tui_trainer.runs.held import hold
from tui_trainer.runs.listing import RunOnDisk
from tui_trainer.screens.batch_rows.view import AskedRows
from tui_trainer.screens.gsm8k.asked_rows import rows_of_alarm
from tui_trainer.screens.gsm8k.run_on_show import RunOnShow
from tui_trainer.screens.gsm8k.start import RunStart
from tui_trainer.screens.loop_panel import LoopPanel
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.session.checkpoint_choice import checkpoint_folder, choice_of_checkpoint
from tui_trainer.session.disk import in_thread
from tui_trainer.session.going_on import Act
from tui_trainer.session.leaving import Leaving
from tui_trainer.session.questions import Choice, Question
from tui_trainer.terminal_text import visible

DO = " B: what can be done."
NONE = "No step of this run alarmed."
NO_CHECKPOINT = (
    "There is no checkpoint from before it: 'checkpoint every' in the settings makes some."
)
WENT_BACK = (
    "As after step {step:,}, before what alarmed: space goes on from there, [ takes a lower "
    "learning rate."
)
PAUSED_SECONDS = 0.02  # between two looks whether a run that was asked to pause has


class Alarmed:
    """Asks, and does it."""

    def __init__(
        self,
        screen: WorkScreen,
        loop: LoopPanel,
        run: RunOnShow,
        start: RunStart,
        look: Callable[[list[AskedRows]], None],
    ) -> None:
        """`look` shows rows."""
        self._screen, self._session = screen, screen.session
        self._loop, self._run, self._start, self._look = loop, run, start, look
        self._is_asking = False

    def tell(self, report: LoopReport) -> None:
        """The first of a step: all are in what happened. A halt is told as such."""
        alerts = alerts_of(report) if self._start.tells_news else ()
        for alert in () if isinstance(report, HaltReport) else alerts[:1]:
            self._screen.notify(describe_alarm(alert), severity="warning", markup=False)
        if alerts and self._run.settings.alert_bell:
            self._screen.app.bell()

    async def ask(self) -> None:
        """About the last one of the run on show."""
        alert, report = self._run.alarmed, self._run.report
        if alert is None or report is None:
            self._screen.notify(NONE, markup=False)
        elif not self._is_asking:  # a key pressed twice
            self._is_asking = True
            try:
                await self._ask(alert, report.run)
            finally:
                self._is_asking = False

    async def _ask(self, alert: Alert, run: str | None) -> None:
        before = None
        if run is not None:
            before = await in_thread(lambda: checkpoint_before(run, alert.step))
        answer = await self._session.put(question_of(alert, before, self._loop.is_running))
        if answer == "v":
            self._look([rows_of_alarm(self._run.settings, alert)])
        elif answer == "b" and before is not None:
            await self._go_back(*before)

    async def _go_back(self, run: RunOnDisk, step: int) -> None:
        """Load the checkpoint, once what would be lost by it may be, and resume from it, paused."""
        session = self._session
        if self._loop.will_run:
            self._loop.play(False)
        while self._loop.is_running:
            await asyncio.sleep(PAUSED_SECONDS)
        try:
            choice = choice_of_checkpoint(run, step, session.choice)
        except InputError as error:
            session.report_failure(Failure(str(error)))
            return
        checkpoint = checkpoint_folder(run, step)
        held = await in_thread(lambda: hold(checkpoint))  # to save first may delete older ones
        leaving = Leaving("go back", f"Go back to step {step:,}?", Act.LOAD)
        if await session.load(choice, leaving):
            await self._start.resume(run, checkpoint, playing=False)
            self._screen.notify(WENT_BACK.format(step=step), markup=False)
        del held


def question_of(alert: Alert, before: tuple[RunOnDisk, int] | None, goes_on: bool) -> Question:
    """What it was, and what can be done; what is under enter changes nothing."""
    answers = [Choice("n", "go on" if goes_on else "stay"), Choice("v", "its row")]
    if before is None:
        return Question(f"{visible(alert.says)} {NO_CHECKPOINT}", tuple(answers))
    answers.append(Choice("b", f"back to step {before[1]:,}"))
    return Question(visible(alert.says), tuple(answers))


def describe_alarm(alert: Alert) -> str:
    """What a notice says of it; of one about the items of a step which key does something."""
    return f"{visible(alert.says)}{DO if alert.items else ''}"
