"""Writes one run while its loop goes; on the worker's thread alone."""

import errno
import logging
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from io import FileIO
from pathlib import Path

from tui_trainer.json_lines import Json, json_line
from tui_trainer.reports.loop import ChangeReport, LoopReport, StopReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.deletion import delete_own_files
from tui_trainer.runs.description import OnStep, RunDescription, RunState
from tui_trainer.runs.event_files import EventFiles
from tui_trainer.runs.home import METRICS_FILE, RUN_FILE, make_folder
from tui_trainer.runs.json_files import write_json
from tui_trainer.runs.loop_lines import loop_lines, lr_line
from tui_trainer.runs.open_folder import OpenFolder, SavedWeights, is_same
from tui_trainer.runs.presence import Presence
from tui_trainer.runs.private_files import close_to_others
from tui_trainer.runs.regular_files import write_again
from tui_trainer.runs.retried import failures, is_transient, retried
from tui_trainer.runs.unwritable import unwritable
from tui_trainer.settings.train import TENSORBOARD

TALLY_EVERY = 1_000
"""Steps after which `run.json` tells anew what the metrics come to, so that a list is quick."""
CHUNK = 1 << 20


class RunWriter:
    """Appends to the metrics of a run and keeps its `run.json`.

    It knows its folder by what it has open: one that was renamed is followed, and one whose files
    are gone is written anew, from the metrics that are still open. `news` tells of that.
    Raises InputError where the disk takes no more; then nothing of what it was given is written,
    and it can be given again.
    """

    def __init__(self, folder: Path, description: RunDescription) -> None:
        self.description = description
        self.news: tuple[str, ...] = ()
        """What became of the run's files since somebody asked."""
        self._begun_at = description.tally.step
        self.at_step = description.tally
        """What the metrics came to after the last step, without what was measured since."""
        self._lines_since_step = 0
        self._peak_lr: float | None = None
        self._is_torn = False
        """Whether the metrics may end in a part of what could not be written whole."""
        try:
            self._open(folder)
            self._describe()
        except OSError as error:
            raise unwritable(folder, error) from error

    def _open(self, folder: Path) -> None:
        opened, metrics = OpenFolder(folder), folder / METRICS_FILE
        file = retried(partial(FileIO, metrics, "a+"))
        close_to_others(metrics)
        presence = Presence(folder, file)
        self._folder, self._file, self._presence = opened, file, presence
        self._synced = 0
        self._events = self._open_events()

    def _open_events(self) -> EventFiles | None:
        return EventFiles(self.folder) if self._logs_events else None

    @property
    def _logs_events(self) -> bool:
        return self.description.settings.log_to == TENSORBOARD

    @property
    def folder(self) -> Path:
        """Where the run was when it was looked for last."""
        return self._folder.path

    def find(self) -> Path | None:
        """Where the run is now, after its end too; None where it is gone or cannot be looked at."""
        try:
            return self._folder.find()
        except OSError:
            return None

    def saved(self, within: str) -> SavedWeights:
        """What was just written to a folder `within` the run's."""
        return SavedWeights(self._folder, within)

    @property
    def is_open(self) -> bool:
        return not self._file.closed

    def pop_news(self) -> tuple[str, ...]:
        """What became of the run's files since the last call."""
        news, self.news = (*self.news, *failures.news()), ()
        return news

    # Where the files are

    def locate(self) -> None:
        """Find the run's folder, and its metrics in it; InputError where they cannot be written."""
        try:
            before, folder = self.folder, self._folder.find()
            if folder is None or not is_same(folder / METRICS_FILE, self._file.fileno()):
                self._write_anew()
            elif folder != before:
                self._follow(before)
        except OSError as error:
            raise unwritable(self.folder, error) from error

    def _follow(self, before: Path) -> None:
        self.description = replace(self.description, name=self.folder.name)
        self._reopen_events()
        self.note(f"The run {before.name} was renamed: it goes on in {self.folder}.")
        self._describe_where_possible()

    def _write_anew(self) -> None:
        """Give the run another folder, with the metrics as far as they were written."""
        before, file, presence = self._folder, self._file, self._presence
        folder = make_folder(self.description.model.name, datetime.now().astimezone())
        description = replace(self.description, name=folder.name)
        try:
            size = description.tally.bytes
            retried(partial(_copy_open, file, folder / METRICS_FILE, size))
            write_json(folder / RUN_FILE, description)
            self._close_events()
            self._open(folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)  # made here: nobody else's files are in it
            raise
        self.description, self._is_torn = description, False
        _leave(before, file, presence)
        self.note(
            f"The files of the run {before.path.name} are gone from {before.path}: it goes on in "
            f"{folder}, with the losses of all steps and without its checkpoints."
        )

    def note(self, sentence: str) -> None:
        """Tell something of the run's files with its next step."""
        logging.getLogger(__name__).warning("%s", sentence)
        self.news = (*self.news, sentence)

    # What is written

    def write(self, report: LoopReport) -> None:
        """Add what the loop told."""
        self.locate()
        if isinstance(report, StepReport):
            self._step(report)
            return
        self._append(loop_lines(report))
        if isinstance(report, StopReport):
            self.description = replace(self.description, stop_reason=report.says)
        if isinstance(report, ChangeReport):
            self._lines_since_step += 1
            updates = self.description.updates_on_step + report.updates
            self.description = replace(self.description, updates_on_step=updates)
            self._describe_where_possible()

    @property
    def on_step(self) -> OnStep:
        """What was done to the weights on Step so far."""
        return OnStep(self.description.updates_on_step, self._lines_since_step)

    def _step(self, report: StepReport) -> None:
        """Add one step, and before it a change of the learning rate where there was one."""
        changed = self._peak_lr not in (None, report.peak_lr)
        self._append([*([lr_line(report)] if changed else []), *loop_lines(report)])
        self._peak_lr = report.peak_lr
        tally = self.description.tally.with_step(
            report.step, report.loss, report.tokens, report.seconds
        )
        self.at_step, self._lines_since_step = tally, 0
        is_news = report.steps != self.description.steps or report.step % TALLY_EVERY == 0
        self.description = replace(self.description, tally=tally, steps=report.steps)
        self._log_events(report)
        if is_news:
            self._describe_where_possible()

    def _append(self, lines: Sequence[dict[str, Json]]) -> None:
        """Add lines, all or none; they leave at once, so that a run that is killed has them."""
        raw = "".join(f"{json_line(line)}\n" for line in lines).encode()
        tally = self.description.tally
        try:
            retried(partial(self._put, raw))
        except OSError as error:
            with suppress(OSError):  # the next try begins with it
                self._mend()
            raise unwritable(self.folder, error) from error
        self._is_torn = False
        self.description = replace(
            self.description, tally=replace(tally, bytes=tally.bytes + len(raw))
        )

    def _put(self, raw: bytes) -> None:
        self._mend()
        self._is_torn = True
        if self._file.write(raw) != len(raw):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _mend(self) -> None:
        """Take back what was not written whole: the next line would be joined to it."""
        if self._is_torn:
            os.ftruncate(self._file.fileno(), self.description.tally.bytes)
            self._is_torn = False

    def mark_best(self, step: int | None) -> None:
        """Say which of its checkpoints is the best by validation."""
        if step != self.description.best_checkpoint:
            self.description = replace(self.description, best_checkpoint=step)
            self._describe_where_possible()

    def sync(self) -> None:
        """Have the disk hold the metrics: a checkpoint is of steps that they have."""
        try:
            if self.is_open:
                self._sync()
        except OSError as error:
            raise unwritable(self.folder, error) from error

    def _sync(self) -> None:
        metrics, size = self.folder / METRICS_FILE, self.description.tally.bytes
        retried(partial(os.fsync, self._file.fileno()), partial(write_again, metrics, self._synced))
        self._synced = size

    def conclude(self, state: RunState) -> None:
        """Write how the run ended, before `end`: where that fails it can be tried again."""
        self.locate()
        self.description = replace(self.description, state=state.value)
        try:
            self._describe()
        except OSError as error:
            raise unwritable(self.folder, error) from error

    def end(self, state: RunState, failure: str | None = None) -> None:
        """Say how the run ended; one that made no step leaves nothing."""
        if not self.is_open:
            return
        self.description = replace(self.description, state=state.value, failure=failure)
        try:
            try:
                self._end_on_disk()
            finally:
                self._presence.end(None)
                self._close()
        except OSError as error:
            raise unwritable(self.folder, error) from error

    def _end_on_disk(self) -> None:
        self.locate()
        self._close_events()
        self._presence.end(self.folder)
        if self.description.tally.step == self._begun_at:
            delete_own_files(self.folder)
            self._synced = self.description.tally.bytes  # none of them is wanted
        else:
            self._sync()
            self._describe()

    def _close(self) -> None:
        """What a server of files did not write it may tell here: nothing, once it is synced."""
        try:
            self._file.close()
        except OSError as error:
            if not is_transient(error) or self._synced != self.description.tally.bytes:
                raise
            failures.mended(1, error)

    def _describe(self) -> None:
        write_json(self.folder / RUN_FILE, self.description)

    def _describe_where_possible(self) -> None:
        """`run.json` lags behind where the disk is full: who reads it counts the rest himself."""
        try:
            self._describe()
        except OSError:
            logging.getLogger(__name__).exception("%s was not written", self.folder / RUN_FILE)

    # TensorBoard

    def _log_events(self, report: StepReport) -> None:
        """The metrics have all of it, so that what fails here ends neither the step nor the run."""
        if self._events is None:
            return
        try:
            self._events.step(report)
        except OSError as error:
            self._events = None
            self.note(f"TensorBoard's files cannot be written ({error.strerror or error}).")

    def _reopen_events(self) -> None:
        self._close_events()
        self._events = self._open_events()

    def _close_events(self) -> None:
        events, self._events = self._events, None
        if events is None:
            return
        try:
            events.close()
        except OSError:
            logging.getLogger(__name__).exception("TensorBoard's files were not closed")


def _copy_open(file: FileIO, target: Path, size: int) -> None:
    """Copy the first `size` bytes of a file that may have no name any more."""
    with target.open("wb") as copy:
        place = 0
        while chunk := os.pread(file.fileno(), min(CHUNK, size - place), place):
            place += copy.write(chunk)


def _leave(folder: OpenFolder, metrics: FileIO, presence: Presence) -> None:
    """Let go of a run's files, which another run goes on with; what fails there is no matter."""
    with suppress(OSError):
        presence.end(folder.find())
    presence.end(None)
    with suppress(OSError):
        metrics.close()
