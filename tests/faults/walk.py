"""One run for each call that its disk can fail at; each is held to the run that met no failure."""

import errno
import os
import random
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.kills import RESUME, RUN, Line, hashes_of, lines_of
from tests.crash.process import Program
from tests.faults.layer import Call, Fault, armed, calls_of, counted
from tui_trainer.reports.alerts import DISK
from tui_trainer.runs.checkpoint_check import check_checkpoint
from tui_trainer.runs.checkpoints import checkpoint_folders
from tui_trainer.runs.description import RunState
from tui_trainer.runs.home import is_run, run_folders, runs_home
from tui_trainer.runs.listing import open_run

LOOP = (
    *("--items", "6", "--lr", "1e-3", "--shuffle", "--checkpoint-every", "2", "--keep", "2"),
    *("--validation-items", "2", "--validate-every", "4", "--layers-every", "3"),
)
FULL = errno.ENOSPC, errno.EDQUOT
SENTENCES = "make room", "cannot be written", '"failure":"'
"""What tells of a full disk; the last one is of a checkpoint in JSON."""
ENDED_WITHIN = 120.0


@dataclass
class Walk:
    """The runs of one model, in one folder."""

    source: str
    folder: Path
    state: str = ""
    """Where it is, for whoever looks at a failure."""
    whole: list[Line] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    told: int = 0
    """Runs that said that the disk failed and took it when it was tried again."""
    resumed: int = 0
    refused: int = 0
    """Runs that ended before their first step, with a sentence."""

    @property
    def output(self) -> str:
        path = self.folder / "output"
        return path.read_text(errors="replace") if path.exists() else ""

    def _program(self, *arguments: str, fault: Fault | None = None) -> Program:
        with armed(fault or Fault(self.folder / "nowhere")):
            return Program(arguments, self.folder / "output")

    def _begun(self, fault: Fault) -> Program:
        shutil.rmtree(runs_home(), ignore_errors=True)
        (self.folder / "log").unlink(missing_ok=True)
        return self._program(*RUN, "--model", self.source, *LOOP, fault=fault)

    def _fault(self, number: int = 0, first: int = 0, one_in: int = 0) -> Fault:
        """A full disk stays full for as long as `full` is there."""
        full = self.folder / "full" if number in FULL else None
        return Fault(
            Path(os.environ["XDG_DATA_HOME"]),
            number,
            first,
            one_in,
            until=full,
            growing=full is not None,
            log=self.folder / "log",
        )

    def alone(self, number: int) -> int:
        """The run that meets nothing; how many of its calls `number` can be met at."""
        self.state = "the run that meets nothing"
        self._begun(self._fault(number)).wait()
        (run,) = run_folders()
        assert open_run(run).state is RunState.FINISHED, self.output
        self.whole, self.hashes = told(run), hashes_of(run)
        self.calls = calls_of(self.folder / "log")
        print(f"{len(self.calls)} calls: {counted(self.calls)}", flush=True)
        return len(self.calls)

    def at_each(self, number: int, firsts: Sequence[int]) -> None:
        """A run for each call that is to fail, once or until there is room."""
        for first in firsts:
            self.state = f"{errno.errorcode[number]} at call {first}"
            self._run(self._fault(number, first))
            if number not in FULL:
                self._assert_finished()

    def at_one_in_ten(self, number: int, draw: random.Random) -> None:
        """A run in which one call in ten fails: it comes to its end, and says so."""
        self.state = f"{errno.errorcode[number]} at one call in ten"
        self._run(self._fault(number, draw.randint(1, 10), one_in=10))
        self._assert_finished()
        assert "The disk failed" in self.output, self.output

    def _run(self, fault: Fault) -> None:
        if fault.until is not None:
            fault.until.touch()
        program = self._begun(fault)
        while program.is_running():
            assert time.monotonic() - program.began < ENDED_WITHIN, self.output
            if fault.until is not None and any(says in self.output for says in SENTENCES):
                fault.until.unlink(missing_ok=True)  # somebody makes room
            time.sleep(0.01)
        failed = [call for call in calls_of(self.folder / "log") if call.failed]
        where = f"{failed[0].name} {failed[0].path}" if failed else "nothing failed"
        self.state += f", {where}: status {program.status}"
        self._check(program.status)

    def _check(self, status: int | None) -> None:
        """A sentence and no traceback; what is listed is whole, and goes on to the same bits."""
        assert "Traceback" not in self.output, self.output
        assert status in (0, 1, 2), self.output
        if status:
            assert "tui-trainer: " in self.output
        self.told += "The disk failed" in self.output
        runs = run_folders()
        assert all(is_run(folder) for folder in runs_home().glob("*")) or not runs, self.output
        for run in runs:
            open_run(run)
            for checkpoint in checkpoint_folders(run):
                check_checkpoint(checkpoint)
            assert told(run) == self.whole[: len(told(run))], f"{run.name} differs"
        if status == 2 and not any(map(told, runs)):
            self.refused += 1
        elif runs and not self._is_finished(runs[0]):
            self._resume(runs[0])

    def _is_finished(self, run: Path) -> bool:
        return open_run(run).state is RunState.FINISHED

    def _resume(self, run: Path) -> None:
        self.state += ", resumed"
        if checkpoint_folders(run) and hashes_of(run) != self.hashes:
            self._program(*RESUME, "--resume", str(run)).wait()
            self._assert_finished()
            self.resumed += 1

    def _assert_finished(self) -> None:
        run = run_folders()[0]
        assert self._is_finished(run), self.output
        assert told(run) == self.whole, f"the metrics of {run.name} differ"
        assert hashes_of(run) == self.hashes, f"the last checkpoint of {run.name} differs"


def told(run: Path) -> list[Line]:
    """The metrics of a run, but for the alert that its disk is full."""
    return [line for line in lines_of(run) if line.get("kind") != DISK]
