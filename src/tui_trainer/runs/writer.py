"""Writes one run while its loop goes; on the worker's thread alone."""

import fcntl
from dataclasses import replace
from pathlib import Path

from tui_trainer.engine.loop_reports import LoopReport
from tui_trainer.engine.reports import StepReport
from tui_trainer.engine.settings import TENSORBOARD
from tui_trainer.json_lines import Json, json_line
from tui_trainer.runs.deletion import delete_own_files
from tui_trainer.runs.description import RunDescription, RunState
from tui_trainer.runs.event_files import EventFiles
from tui_trainer.runs.home import METRICS_FILE, RUN_FILE, unwritable
from tui_trainer.runs.loop_lines import loop_lines, lr_line, step_line
from tui_trainer.runs.plain import write_plain
from tui_trainer.runs.private_files import close_to_others

TALLY_EVERY = 1_000
"""Steps after which `run.json` tells anew what the metrics come to, so that a list is quick."""


class RunWriter:
    """Appends to the metrics of a run and keeps its `run.json`.

    The metrics file is locked while this is open: that is how others know that the run goes on.
    Raises InputError where the disk takes no more.
    """

    def __init__(self, folder: Path, description: RunDescription) -> None:
        self.folder = folder
        self.description = description
        self._begun_at = description.tally.step
        self.at_step = description.tally
        """What the metrics came to after the last step, without what was measured since."""
        self._peak_lr: float | None = None
        self._events = EventFiles(folder) if description.settings.log_to == TENSORBOARD else None
        try:
            self._file = (folder / METRICS_FILE).open("ab", buffering=0)
            close_to_others(folder / METRICS_FILE)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            self._describe()
        except OSError as error:
            raise unwritable(folder, error) from error

    @property
    def is_open(self) -> bool:
        return not self._file.closed

    def take(self, report: LoopReport) -> None:
        """Add what the loop told."""
        if isinstance(report, StepReport):
            self._step(report)
        else:
            for line in loop_lines(report):
                self._line(line)

    def _step(self, report: StepReport) -> None:
        """Add one step, and before it a change of the learning rate where there was one."""
        if self._peak_lr not in (None, report.peak_lr):
            self._line(lr_line(report))
        self._peak_lr = report.peak_lr
        self._line(step_line(report))
        tally = self.description.tally.with_step(
            report.step, report.loss, report.tokens, report.seconds
        )
        if self._events is not None:
            self._events.step(report)
        self.at_step = tally
        is_news = report.steps != self.description.steps or report.step % TALLY_EVERY == 0
        self.description = replace(self.description, tally=tally, steps=report.steps)
        if is_news:
            self._describe()

    def _line(self, line: dict[str, Json]) -> None:
        """Add one line; each leaves at once, so that a run that is killed has it."""
        raw = f"{json_line(line)}\n".encode()
        try:
            if self._file.write(raw) < len(raw):
                raise OSError("the disk is full")
        except OSError as error:
            raise unwritable(self.folder, error) from error
        tally = self.description.tally
        self.description = replace(
            self.description, tally=replace(tally, bytes=tally.bytes + len(raw))
        )

    def end(self, state: RunState, failure: str | None = None) -> None:
        """Say how the run ended; one that made no step leaves nothing."""
        if not self.is_open:
            return
        self.description = replace(self.description, state=state.value, failure=failure)
        if self._events is not None:
            self._events.close()
        try:
            if self.description.tally.step == self._begun_at:
                delete_own_files(self.folder)
            else:
                self._describe()
        except OSError as error:
            raise unwritable(self.folder, error) from error
        finally:
            self._file.close()

    def _describe(self) -> None:
        write_plain(self.folder / RUN_FILE, self.description)


def is_being_written(folder: Path) -> bool:
    """Whether a process, this one or another, holds the run open."""
    try:
        with (folder / METRICS_FILE).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # no file yet, or a file system without locks
    return False
