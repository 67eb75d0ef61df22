"""A loop written to disk as it goes: its run, its metrics, its checkpoints."""

import shutil
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from tui_trainer.closed import closed
from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.alerts.disk import DiskWatch
from tui_trainer.engine.loop.checkpoint import save_checkpoint
from tui_trainer.engine.loop.identity import identify_data, identify_model, versions
from tui_trainer.engine.loop.resumption import parent_of, take_over
from tui_trainer.engine.loop.training_state import TrainingState
from tui_trainer.engine.optimizers.state import state_bytes
from tui_trainer.engine.weights import Weights
from tui_trainer.errors import InputError
from tui_trainer.reports.actions import Action
from tui_trainer.reports.loop import (
    ChangeReport,
    HaltReport,
    LoopReport,
    StopReport,
    ValidationReport,
    alerts_of,
)
from tui_trainer.reports.runs import CheckpointReport, RunReport, RunStep, StoppedRun
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.checkpoint_names import checkpoint_name, step_of
from tui_trainer.runs.checkpoints import checkpoint_folders, folder_bytes
from tui_trainer.runs.description import OnStep, RunDescription, RunState
from tui_trainer.runs.event_files import check_installed
from tui_trainer.runs.home import (
    CHECKPOINTS,
    METRICS_FILE,
    check_home,
    is_run,
    make_folder,
)
from tui_trainer.runs.kept_checkpoints import KeptCheckpoints
from tui_trainer.runs.listing import read_run
from tui_trainer.runs.unwritable import UnwritableError
from tui_trainer.runs.writer import RunWriter
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TENSORBOARD, TrainSettings, of_a_run

METRICS_BYTES = 100_000
"""A few hundred lines of metrics, and `run.json`."""

Written = TypeVar("Written")


class Recording:
    """The run of one loop; `follow` makes its folder at the first step.

    A run that was resumed is one of its own: it names its parent, and begins with a copy of the
    parent's metrics up to the checkpoint. So no line is there twice, nothing of the parent is
    lost where it was resumed from an early checkpoint, and each of the two can be deleted.
    """

    def __init__(
        self,
        learner: Learner,
        choice: ModelChoice,
        settings: TrainSettings,
        examples: Sequence[Example],
        state: TrainingState,
        resumed_from: Path | None = None,
        job: str = "",
    ) -> None:
        check_home()
        if settings.log_to == TENSORBOARD:
            check_installed()
        self._learner = learner
        self._choice = choice
        self._settings = settings
        self._data = identify_data(settings.problems, examples)
        self._state = state
        self._first = state.step
        """The step that the run begins after."""
        self._resumed_from = resumed_from
        self._job = job
        self._writer: RunWriter | None = None
        self._last: CheckpointReport | None = None
        self._saved_on_step: OnStep | None = None
        """What had been done on Step until it was written."""
        self._kept = KeptCheckpoints(settings.keep_checkpoints)
        self._disk = DiskWatch(partial(wanted_bytes, settings, state, learner.weights))
        self._untold: deque[ChangeReport] = deque()
        self._unwritten: deque[LoopReport] = deque()
        """What the disk has not taken yet."""

    @property
    def is_open(self) -> bool:
        """Whether the run is being written: after its first step and before its end."""
        return self._writer is not None and self._writer.is_open

    @property
    def report(self) -> RunReport | None:
        """The run that is written; None before the first step and after the end."""
        writer = self._writer
        if writer is None or not writer.is_open:
            return None
        last = self._last
        if last is not None and last.step not in map(step_of, checkpoint_folders(writer.folder)):
            last = None  # it was lost with the folder that it was in
        step = None if last is None else last.step
        return RunReport(writer.description.name, str(writer.folder), self._state.step, step)

    @property
    def stopped(self) -> StoppedRun | None:
        """The run as it can be gone on with; None without a checkpoint that has steps left."""
        writer = self._writer
        if writer is None or writer.description.state == RunState.FINISHED.value:
            return None
        if (folder := writer.find()) is None:
            return None
        steps = [step_of(checkpoint) for checkpoint in checkpoint_folders(folder)]
        if not steps or steps[-1] >= self._state.loop.steps:
            return None
        return StoppedRun(
            name=folder.name,
            folder=str(folder),
            step=self._state.step,
            checkpoint_step=steps[-1],
            is_saved=steps[-1] == self._state.step and self._saved_on_step == writer.on_step,
            device=self._choice.device,
            remote_code=self._choice.remote_code,
            threads=self._choice.threads,
        )

    def follow(self, reports: Iterator[LoopReport]) -> Iterator[LoopReport]:
        """What the loop tells, each written before it is passed on.

        What the disk does not take halts the loop there, and is tried again by the next `next`.
        """
        state, failure = RunState.STOPPED, None
        try:
            with closed(reports), closed(self._written(reports)) as written:
                for report in written:
                    is_halt = isinstance(report, HaltReport)
                    state = RunState.FAILED if is_halt else RunState.STOPPED
                    failure = report.why if isinstance(report, HaltReport) else None
                    yield report
            state, failure = RunState.FINISHED, None
        except (GeneratorExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            state, failure = RunState.FAILED, f"{error}" or type(error).__name__
            raise
        finally:
            try:
                self._take()
            finally:
                if self._writer is not None:
                    self._writer.end(state, failure)

    def note(self, what: str, action: Action, loss: float | None = None) -> None:
        """An update on Step, or the undo or the redo of one, has changed the weights of the run.

        It is written at once; where the disk takes no more, with the next step, and not later.
        """
        if not self.is_open:
            return
        change = ChangeReport(
            self._state.step, what, action.text, action.lr, action.optimizer, loss
        )
        self._untold.append(change)
        self._unwritten.append(change)
        with suppress(InputError):  # said again, and heard, where the next step is written
            self._take()

    def _with_changes(self, reports: Iterator[LoopReport]) -> Iterator[LoopReport]:
        """What the loop tells, and before its next report what was done to it meanwhile."""
        for report in reports:
            yield report
            while self._untold:
                yield self._untold.popleft()

    def _written(self, reports: Iterator[LoopReport]) -> Iterator[LoopReport]:
        writer = self._begin()
        for told in self._with_changes(reports):
            report = self._disk.watched(told, writer.folder)
            # A halt is in `run.json`, and a change was noted.
            if alerts_of(report) or not isinstance(report, HaltReport | ChangeReport):
                self._unwritten.append(report)
            yield from self._until_written(self._take)
            if isinstance(report, StepReport):
                yield (yield from self._with_run(report))
            elif isinstance(report, StopReport):
                yield (yield from self._with_last_checkpoint(report))
            else:
                yield report
        yield from self._until_written(partial(writer.conclude, RunState.FINISHED))

    def _with_last_checkpoint(self, report: StopReport) -> Generator[HaltReport, None, StopReport]:
        """The end by a rule with a checkpoint, as any end has one."""
        if not self._settings.checkpoint_at_end:
            return report
        saved, writer = self._last, self._writer
        assert writer is not None  # it took the report
        is_saved = saved is not None and saved.step == report.step
        if is_saved and self._saved_on_step == writer.on_step:
            return report
        return replace(report, checkpoint=(yield from self._checkpoint_or_why_not(is_last=True)))

    def _take(self) -> None:
        """Write what waits for it, each once."""
        while self._unwritten and self._writer is not None:
            self._writer.write(self._unwritten[0])
            report = self._unwritten.popleft()
            if isinstance(report, ValidationReport):
                self._kept.measured(report)
                self._writer.mark_best(self._kept.best(self._writer.folder))

    def _until_written(self, write: Callable[[], Written]) -> Generator[HaltReport, None, Written]:
        """What `write` gives once the disk takes it; a halt each time that it does not."""
        while True:
            try:
                return write()
            except UnwritableError as error:
                halt = self._disk.halt(self._state.step, error)
            if halt.alerts:
                self._unwritten.append(halt)
            yield halt

    def _with_run(self, report: StepReport) -> Generator[HaltReport, None, StepReport]:
        """A step with the run that has it, and the checkpoint that is due after it."""
        checkpoint, writer = (yield from self._due_checkpoint()), self._writer
        assert writer is not None  # it took the step
        notes = (*report.notes, *writer.pop_news())
        return replace(report, run=writer.description.name, checkpoint=checkpoint, notes=notes)

    @property
    def has_weights(self) -> bool:
        """Whether the weights are the run's: it goes and has made a step, or nothing changed them
        since it ended."""
        writer = self._writer
        if writer is None or self._state.step <= self._first:
            return False
        if writer.is_open:  # wherever its folder is now
            return True
        folder = writer.find()
        return (
            folder is not None
            and is_run(folder)
            and self._learner.history.is_left_by(self._state.number)
        )

    @property
    def left_by(self) -> RunStep | None:
        """The run's last step, where nothing changed the weights since."""
        writer, number = self._writer, self._state.number
        if writer is None or not self.has_weights:
            return None
        if not self._learner.history.is_left_by(number):  # an update on Step, in a pause
            return None
        return RunStep(writer.folder.name, self._state.step)

    def checkpoint(self) -> CheckpointReport:
        """Write a checkpoint now; InputError where the weights are not the run's or not finite, or
        the disk is full."""
        writer = self._writer
        if writer is None or not self.has_weights:
            raise InputError("There is nothing to save yet: the run has made no step.")
        self._learner.weights.check_finite()
        if writer.is_open:
            self._take()  # a checkpoint is of a step that the metrics have
            writer.locate()
            writer.sync()
        started = time.perf_counter()
        name = checkpoint_name(self._state.step)
        folder = writer.folder / CHECKPOINTS / name
        model = writer.description.model.name
        save_checkpoint(
            folder,
            model,
            self._learner,
            self._state,
            self._settings,
            writer.at_step,
            writer.on_step,
        )
        self._last = CheckpointReport(
            run=writer.folder.name,
            name=name,
            step=self._state.step,
            bytes=folder_bytes(folder),
            seconds=time.perf_counter() - started,
        )
        self._saved_on_step = writer.on_step
        self._learner.history.mark_saved(writer.saved(f"{CHECKPOINTS}/{name}"))
        for sentence in self._kept.delete_others(writer.folder, self._state.step):
            writer.note(sentence)
        writer.mark_best(self._kept.best(writer.folder))
        return self._last

    def _due_checkpoint(self) -> Generator[HaltReport, None, CheckpointReport | None]:
        """The checkpoint of this step where one is due.

        One that cannot be written does not hold up the run, but for the last: there is no other.
        """
        settings, step = self._settings, self._state.step
        is_last = settings.checkpoint_at_end and step == self._state.loop.steps
        due = settings.checkpoint_every and step % settings.checkpoint_every == 0
        if not due and not is_last:
            return None
        return (yield from self._checkpoint_or_why_not(is_last=is_last))

    def _checkpoint_or_why_not(
        self, *, is_last: bool
    ) -> Generator[HaltReport, None, CheckpointReport]:
        try:
            if is_last:
                return (yield from self._until_written(self.checkpoint))
            return self.checkpoint()
        except InputError as error:
            assert self._writer is not None
            run, step = self._writer.description.name, self._state.step
            return CheckpointReport(run, checkpoint_name(step), step, failure=str(error))

    def _begin(self) -> RunWriter:
        now = datetime.now().astimezone()
        model = identify_model(self._learner, self._choice)
        if self._resumed_from is not None:  # the checkpoint's own name says less
            first = read_run(self._resumed_from.parent.parent).model
            model = replace(model, name=first.name, source=first.source)
        parent, tally, on_step = parent_of(self._resumed_from)
        folder = make_folder(model.name, now)
        try:
            if self._resumed_from is not None:
                tally = take_over(self._resumed_from, folder / METRICS_FILE, tally, on_step)
            description = RunDescription(
                name=folder.name,
                started=now.isoformat(timespec="seconds"),
                settings=of_a_run(self._settings),
                model=model,
                data=self._data,
                versions=versions(),
                steps=0,
                parent=parent,
                tally=tally,
                updates_on_step=on_step.updates,
                job=self._job,
            )
            self._writer = RunWriter(folder, description)
        except InputError:
            shutil.rmtree(folder, ignore_errors=True)  # just made, so all in it is ours
            raise
        return self._writer


def wanted_bytes(settings: TrainSettings, state: TrainingState, weights: Weights) -> int:
    """What a run will write next: its metrics, and a checkpoint where it makes them."""
    if not settings.checkpoint_every and not settings.checkpoint_at_end:
        return METRICS_BYTES
    return METRICS_BYTES + weights.bytes + state_bytes(state.optimizer.state)
