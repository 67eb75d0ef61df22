"""Kills a run at random moments, resumes it, and holds what comes of it to the run left alone."""

import json
import random
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.process import Program
from tui_trainer.runs.checkpoint_check import check_checkpoint
from tui_trainer.runs.checkpoint_names import step_of
from tui_trainer.runs.checkpoints import checkpoint_folders, find_checkpoint
from tui_trainer.runs.description import RunState
from tui_trainer.runs.home import CHECKPOINTS, METRICS_FILE, run_folders, runs_home
from tui_trainer.runs.listing import open_run

LOOP = (
    *("--items", "24", "--lr", "1e-3", "--shuffle", "--checkpoint-every", "2", "--keep", "2"),
    *("--validation-items", "2", "--validate-every", "4", "--layers-every", "6"),
)
RUN = ("gsm8k", "--json", "--device", "cpu", "--precision", "fp32", "--threads", "1")
RESUME = ("gsm8k", "--json", "--device", "cpu", "--threads", "1")
OF_TIME = {"seconds"}
LINGERS = 0.03
"""Seconds that a checkpoint of the tiny model takes, about."""
Line = dict[str, object]


@dataclass
class Kills:
    """The kills of one seed: how many there were, and how many of them inside a checkpoint."""

    source: str
    folder: Path
    seed: int
    wanted: int
    wanted_inside: int
    kills: int = 0
    inside: int = 0
    finished: int = 0
    state: str = ""
    """Where it is, for whoever looks at a failure."""
    whole: list[Line] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)

    def run(self) -> None:
        """Kill until there were enough, each run to its end; AssertionError where one differs."""
        draw = random.Random(self.seed)
        seconds = self._alone()
        while self.kills < self.wanted or self.inside < self.wanted_inside:
            self._clear()
            while not self._killed_once(draw, seconds):
                pass
            self._compare()

    def _alone(self) -> float:
        """The run that nobody kills; how long it takes."""
        self._clear()
        self.state = "the run left alone"
        seconds = self._program(*RUN, "--model", self.source, *LOOP).wait()
        (run,) = run_folders()
        assert open_run(run).state is RunState.FINISHED, self.output
        self.whole, self.hashes = lines_of(run), hashes_of(run)
        return seconds

    def _clear(self) -> None:
        shutil.rmtree(runs_home(), ignore_errors=True)

    @property
    def output(self) -> str:
        return (self.folder / "output").read_text(errors="replace")[-2000:]

    def _program(self, *arguments: str) -> Program:
        return Program(arguments, self.folder / "output")

    def _killed_once(self, draw: random.Random, seconds: float) -> bool:
        """Start or resume the run, and kill it where there are to be more; whether it finished."""
        run = next((run for run in run_folders() if checkpoint_folders(run)), None)
        begin = (*RUN, "--model", self.source, *LOOP)
        left = set(being_written())
        program = self._program(*(begin if run is None else (*RESUME, "--resume", str(run))))
        aims_inside = self.inside < self.wanted_inside and draw.random() < 0.6
        self.state = (
            f"kill {self.kills + 1}, {'inside a checkpoint' if aims_inside else 'at any moment'}, "
            f"of {'a new run' if run is None else f'one resumed from {run.name}'}"
        )
        if self.kills >= self.wanted and self.inside >= self.wanted_inside:
            program.wait()
        elif aims_inside:
            _wait_for_checkpoint(program, draw, left)
            program.kill()
        else:
            _wait(program, draw.uniform(0, seconds))
            program.kill()
        if program.was_killed:
            self.kills += 1
            self.inside += bool(set(being_written()) - left)
        else:
            assert program.status == 0, self.output
        self._check()
        return not program.was_killed or self._made_all()

    def _made_all(self) -> bool:
        """Whether it was killed between its last checkpoint and its end: no step is left then."""
        run = next((run for run in run_folders() if checkpoint_folders(run)), None)
        return run is not None and hashes_of(run) == self.hashes

    def _check(self) -> None:
        """Every checkpoint of every run is whole, and no line of the metrics differs."""
        for run in run_folders():
            open_run(run)
            for checkpoint in checkpoint_folders(run):
                check_checkpoint(checkpoint)
            lines = lines_of(run)
            assert lines == self.whole[: len(lines)], f"{run.name} differs"

    def _compare(self) -> None:
        """The run that came to its end is the one that was left alone."""
        run = run_folders()[0]
        self.state += ", finished"
        if open_run(run).state is not RunState.FINISHED and self._made_all():
            return
        assert open_run(run).state is RunState.FINISHED
        assert lines_of(run) == self.whole, f"the metrics of {run.name} differ"
        assert hashes_of(run) == self.hashes, f"the last checkpoint of {run.name} differs"
        self.finished += 1
        print(f"{self.kills} kills, {self.inside} inside a checkpoint", flush=True)


def being_written() -> Iterator[Path]:
    """The checkpoints that are being written, or were when their process died.

    One that is being deleted has such a name, too: it is older than the newest whole one.
    """
    for run in run_folders():
        newest = max(map(step_of, checkpoint_folders(run)), default=0)
        for part in (run / CHECKPOINTS).glob(".step-*.part"):
            if int(part.name.removeprefix(".step-").removesuffix(".part")) > newest:
                yield part


def _wait(program: Program, seconds: float) -> None:
    while program.is_running() and time.monotonic() - program.began < seconds:
        time.sleep(0.0005)


def _wait_for_checkpoint(program: Program, draw: random.Random, left: set[Path]) -> None:
    """Until one of the first few that it writes is begun, and some part of it is there; `left` was
    there before."""
    passing = draw.randrange(4)
    while program.is_running():
        now = set(being_written()) - left
        if now and not passing:
            time.sleep(draw.uniform(0, LINGERS))
            return
        if now:
            passing -= 1
            while program.is_running() and set(being_written()) & now:
                pass


def lines_of(run: Path) -> list[Line]:
    """The metrics of a run without its times; a last line that was not written whole is none."""
    raw = (run / METRICS_FILE).read_text() if (run / METRICS_FILE).exists() else ""
    whole = raw[: raw.rfind("\n") + 1].splitlines()
    lines: list[Line] = [json.loads(line) for line in whole]
    return [{k: value for k, value in line.items() if k not in OF_TIME} for line in lines]


def hashes_of(run: Path) -> dict[str, str]:
    """Of the files of its last checkpoint: weights, moments, random numbers."""
    return check_checkpoint(find_checkpoint(str(run))).files_sha256
