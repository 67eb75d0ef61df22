"""A run that goes on in a session, told as the command that makes one tells it."""

import time
from collections.abc import Iterator
from concurrent.futures import Future
from typing import TypeVar

from tui_trainer.errors import InputError, UnfinishedError
from tui_trainer.failures import Failure
from tui_trainer.headless.output import Output
from tui_trainer.headless.recorded import tell_folder
from tui_trainer.headless.step import describe_model
from tui_trainer.headless.told_steps import describe_loop, write_steps
from tui_trainer.link.attach import Attach
from tui_trainer.protocol.events import DeviceLost, Event, LoopBegun, LoopChanged, LoopState, Other
from tui_trainer.protocol.loop_names import GSM8K
from tui_trainer.protocol.loop_reports import Report
from tui_trainer.protocol.loops import Resume, Train
from tui_trainer.protocol.models import ReadStatus
from tui_trainer.protocol.numbered import Numbered
from tui_trainer.remote_worker import RemoteWorker
from tui_trainer.reports.loop import LoopReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.home import is_run, runs_home
from tui_trainer.runs.resume_command import program
from tui_trainer.say import say
from tui_trainer.settings.train import TrainSettings
from tui_trainer.terminal_text import visible

Reply = TypeVar("Reply")
LOOK_SECONDS = 0.05
NO_RUN = (
    "No run of gsm8k was begun in session {name}: 'tui-trainer sessions' lists what runs in which."
)
LEFT = "session {name} goes on; end its run with: {program} gsm8k --stop {name}"
PAUSED = "the run is paused; go on with: {program} gsm8k --continue {name}"
EARLIER = (
    "The session keeps no more than its last reports, and {number:,} earlier ones are not told "
    "here: metrics.jsonl of the run has them."
)


def follow(name: str, output: Output) -> None:
    """Write what it has told, and what it tells until it ends.

    InputError where there is no run, UnfinishedError where it fails or its engine ends.
    """
    followed = Followed(name)
    followed.worker.start()
    try:
        (status,) = answer(followed.worker.ask(ReadStatus()))
        if followed.settings is None:
            raise InputError(NO_RUN.format(name=visible(name)))
        if not output.as_json:
            if status is not None:
                output.text(describe_model(status))
            output.text(describe_loop(followed.settings))
        earlier = followed.take()
        if earlier:
            say(EARLIER.format(number=earlier))
        reports = _telling_the_run(output, followed.reports())
        write_steps(output, reports, followed.settings, sums=not earlier)
        followed.tell_end()
    except KeyboardInterrupt:
        say(LEFT.format(name=name, program=program()))
        raise
    finally:
        followed.worker.leave()


class Followed:
    """A view that hears of one loop; what it hears comes on a thread of its own."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.worker = RemoteWorker(Attach(name), self._hear, self._hear_other)
        self.settings: TrainSettings | None = None
        """Of the loop; None before one has begun."""
        self._end: LoopChanged | DeviceLost | None = None
        self._is_paused = self._has_paused = False
        self._taken: list[Numbered[Report]] = []

    def _hear(self, event: Numbered[Event]) -> None:
        what = event.what
        if isinstance(what, DeviceLost):
            self._end = what
        elif isinstance(what, LoopChanged) and what.name == GSM8K:
            self._is_paused = what.state is LoopState.PAUSED
            # One that fails without a word is followed by what it did not survive.
            is_last = what.state is not LoopState.FAILED or what.failure is not None
            if what.state.is_over and is_last and self._end is None:
                self._end = what

    def _hear_other(self, other: Other) -> None:
        if isinstance(other, LoopBegun) and isinstance(other.request, Train | Resume):
            self.settings, self._end = other.request.settings, None

    def take(self) -> int:
        """Take what is there; how many reports before that the session does not have any more."""
        self._taken = self.worker.drain(GSM8K)
        return self._taken[0].number - 1 if self._taken else 0

    def reports(self) -> Iterator[LoopReport]:
        """Until the loop has ended, or the engine."""
        while True:
            is_over = self._end is not None
            for report in (*self._taken, *self.worker.drain(GSM8K)):
                if isinstance(report.what, LoopReport):
                    yield report.what
            self._taken = []
            if is_over:
                return
            self._tell_pause()
            time.sleep(LOOK_SECONDS)

    def _tell_pause(self) -> None:
        if self._is_paused != self._has_paused:
            self._has_paused = self._is_paused
            paused = PAUSED.format(name=self._name, program=program())
            say(paused if self._is_paused else "the run goes on")

    def tell_end(self) -> None:
        """UnfinishedError where it was no end that somebody wanted."""
        end = self._end
        if end is not None and end.failure is not None:
            raise UnfinishedError(end.failure.sentence)
        if isinstance(end, LoopChanged) and end.state is LoopState.STOPPED:
            say("the run was stopped")


def _telling_the_run(output: Output, reports: Iterator[LoopReport]) -> Iterator[LoopReport]:
    """Before its first step: which run on disk it is."""
    is_told = False
    for report in reports:
        if not is_told and isinstance(report, StepReport):
            is_told = True
            if report.run is not None:
                folder = runs_home() / report.run
                tell_folder(output, report.run, str(folder) if is_run(folder) else None)
        yield report


def answer(future: "Future[Reply]") -> Reply:
    """What a session answers. InputError where the user can mend why not, else UnfinishedError."""
    try:
        return future.result()
    except Failure as failure:
        if failure.traceback is None:
            raise InputError(failure.sentence) from None
        raise UnfinishedError(failure.sentence) from None
