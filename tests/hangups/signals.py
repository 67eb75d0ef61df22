"""SIGHUP and SIGTERM at random moments, to real views on terminals and to their engine."""

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.engines_begun import engines
from tests.link.behind_socket import View
from tests.terminal.terminal import Terminal
from tui_trainer.link.attach import Attach
from tui_trainer.protocol.events import DeviceLost
from tui_trainer.protocol.loop_names import GSM8K
from tui_trainer.protocol.loops import Train
from tui_trainer.protocol.models import LoadModel
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.home import run_folders
from tui_trainer.runs.listing import open_run
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

ATTACH = sys.executable, "-m", "tui_trainer", "attach"
SECONDS_AT_MOST = 120.0
ENGINES_OF_TERMS = 2
"""Of the SIGTERMs one in so many is to an engine, the others are to views."""
ENGINES_OF_HANGUPS = 10
"""An engine has no terminal: it goes on, whoever says SIGHUP to it."""
LOOP = TrainSettings(items=7_000, checkpoint_at_end=False)
ENTERS, LEAVES = "\x1b[?1049h", "\x1b[?1049l"


@dataclass
class Signals:
    """Those of one seed: how many were sent to what."""

    source: str
    place: Path
    state: Path
    seed: int
    to_views: int = 0
    to_engines: int = 0
    drawn: int = 0
    """Views that had begun to draw when it came."""
    engines_ended: int = 0
    told: str = ""
    """Where it is, for whoever looks at a failure."""

    def run(self, hangups: int, terms: int) -> None:
        """AssertionError where a step that was reported is not on disk, or a terminal is not as it
        was."""
        draw = random.Random(self.seed)
        numbers = [signal.SIGHUP] * hangups + [signal.SIGTERM] * terms
        draw.shuffle(numbers)
        self._begin()
        for count, number in enumerate(numbers, 1):
            one_in = ENGINES_OF_TERMS if number == signal.SIGTERM else ENGINES_OF_HANGUPS
            to_engine = draw.randrange(one_in) == 0
            self.told = (
                f"signal {count}, {number.name} to {'the engine' if to_engine else 'a view'}"
            )
            if not to_engine:
                self._to_a_view(number, draw.uniform(0, 5))
            elif number == signal.SIGHUP:
                self._to_a_lasting_engine(number)
            else:
                self._to_an_engine(number, draw.uniform(0, 0.5))
                self._begin()
            if count % 5 == 0:
                print(f"{count} signals, {self.to_engines} to engines", flush=True)
        self._to_an_engine(signal.SIGTERM, 0)

    def _begin(self) -> None:
        """An engine with a loop, and a view of it that hears all reports."""
        self.last = 0
        self.view = View(Attach())
        self.view.worker.ask(LoadModel(ModelChoice(self.source, "cpu", "fp32"))).result(
            SECONDS_AT_MOST
        )
        self.view.worker.start_loop(GSM8K, Train(LOOP)).result(SECONDS_AT_MOST)
        (self.engine,) = engines(self.place)
        self._wait(lambda: self._heard() > 0, "a first step")

    def _heard(self) -> int:
        """The last step that was reported so far."""
        for report in self.view.worker.drain(GSM8K):
            if isinstance(report.what, StepReport):
                self.last = report.what.step
        return self.last

    def _wait(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + SECONDS_AT_MOST
        while not condition():
            assert time.monotonic() < deadline, f"never came: {what}"
            time.sleep(0.01)

    def _to_a_view(self, number: signal.Signals, seconds: float) -> None:
        """It ends with its terminal as it was, and the loop goes on."""
        terminal = Terminal(state=self.state, place=self.place, command=ATTACH)
        try:
            due = time.monotonic() + seconds
            while time.monotonic() < due:
                terminal.read(0.05)
            os.kill(terminal.child.pid, number)
            status = terminal.wait_for_end()
            self.to_views += 1
            assert "Traceback" not in terminal.written, terminal.written[-3000:]
            if ENTERS in terminal.written:
                self.drawn += 1
                assert LEAVES in terminal.written
                assert terminal.is_restored(), f"status {status}: {terminal.written[-500:]!r}"
            else:
                assert terminal._line_settings() == terminal._before()
        finally:
            terminal.close()
        before = self._heard()
        assert engines(self.place) == [self.engine]
        self._wait(lambda: self._heard() > before, "a step after a view was gone")

    def _to_a_lasting_engine(self, number: signal.Signals) -> None:
        os.kill(self.engine, number)
        self.to_engines += 1
        before = self._heard()
        self._wait(lambda: self._heard() > before, "a step after SIGHUP")

    def _to_an_engine(self, number: signal.Signals, seconds: float) -> None:
        """Every step that was reported is on disk, and the last one is in a checkpoint."""
        time.sleep(seconds)
        os.kill(self.engine, number)
        self.to_engines += 1
        self._wait(lambda: any(isinstance(e, DeviceLost) for e in self.view.events), "its end")
        self._wait(lambda: not engines(self.place), "the end of its process")
        reported, run = self._heard(), open_run(run_folders()[0])
        step = run.description.tally.step
        assert step >= reported, f"step {reported} was reported, and {step} is the last on disk"
        assert run.checkpoints == (step,), f"{run.checkpoints} at step {step}"
        self.view.worker.leave()
        self.engines_ended += 1
