"""What goes on now, what is only asked for included, and so what may begin.

A start or a load that was asked for counts from the key on: what is decided while it is pending
would else be decided for another model, or another loop, than the one on show.
"""

from enum import Enum
from typing import TYPE_CHECKING

from tui_trainer.lost_device import ENGINE_ENDED, MUST_RESTART
from tui_trainer.protocol.events import DeviceLost, LoopState
from tui_trainer.protocol.loop_names import (
    BENCH,
    EVALUATION,
    GSM8K,
    LOOP_TITLES,
    PREDICT,
    STEP,
    TRAINING_LOOPS,
)
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.reports.models import LearnerStatus, LoadProgress
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.model import ModelChoice
from tui_trainer.terminal_text import visible
from tui_trainer.words.signs import BROKEN, PAUSED, RUNNING

if TYPE_CHECKING:
    from tui_trainer.protocol.loop_reports import Report

LOADING = "The model is still being loaded."
NO_MODEL = "No model is loaded: press m and pick one."
BENCH_RUNS = (
    "A bench is running, and anything beside it would slow its loops: wait, or stop it (6, b, s)."
)
EVALUATION_RUNS = (
    "An evaluation is running, and all its answers must be of the same weights: wait, or stop it "
    "(5, E, s), which keeps what was scored."
)
STEP_PLAYS = "Step makes update after update: pause it there (4, p) first."
GSM8K_RUNS = "The GSM8K loop is running: pause it on its screen (5, space) first."
GSM8K_IS_PAUSED = (
    "The GSM8K loop is paused, and gradients that a phase leaves would be added to its own: stop "
    "it on its screen (5, s) first, or make whole updates (space)."
)
PREDICT_RUNS = "Predict generates with this model: stop that (2, p) first."


class Act(Enum):
    """What somebody wants to do with the weights, or to the machine."""

    UPDATE = "make an update, or take one back"
    PHASE = "run one phase of the training cell"
    TRAIN = "begin the loop of GSM8K, or go on with it"
    RELOAD = "put the loaded weights back"
    LOAD = "put another model in the place of this one"
    GENERATE = "generate text"
    EVALUATE = "evaluate the weights"
    BENCH = "measure how fast the loops are"


STARTS = {
    GSM8K: Act.TRAIN,
    STEP: Act.UPDATE,
    PREDICT: Act.GENERATE,
    EVALUATION: Act.EVALUATE,
    BENCH: Act.BENCH,
}
SIGNS = {LoopState.RUNNING: RUNNING.mark, LoopState.PAUSED: PAUSED.mark}
CHANGES = Act.UPDATE, Act.PHASE, Act.TRAIN, Act.RELOAD, Act.LOAD
"""What changes the weights."""


class GoingOn:
    """The interface's knowledge of the worker's loops and loads; decides, and does nothing."""

    def __init__(self) -> None:
        self.status: LearnerStatus | None = None
        """The model that is loaded, as it was last heard of; None without one."""
        self.loading: LoadProgress | None = None
        """How far a load is, this view's or another's."""
        self.loops: dict[str, LoopState] = {}
        self.loading_choice: ModelChoice | None = None
        """The model that is being loaded."""
        self.device_lost: DeviceLost | None = None
        """That the device does nothing more, and what can be gone on with."""
        self._far: dict[str, str] = {}
        """How far each loop is, as `312/500`."""
        self._starting: set[str] = set()
        """The loops that were asked for and have not begun."""

    @property
    def updates(self) -> int:
        """How many the weights are away from the loaded ones, as it was last heard."""
        return 0 if self.status is None else self.status.updates

    def is_starting(self, name: str) -> bool:
        return name in self._starting

    def is_live(self, name: str) -> bool:
        """Whether there is such a loop: being started, running or paused."""
        state = self.loops.get(name)
        return self.is_starting(name) or (state is not None and not state.is_over)

    def is_broken(self, name: str) -> bool:
        return self.loops.get(name) is LoopState.FAILED and not self.is_starting(name)

    def is_running(self, name: str) -> bool:
        return self.loops.get(name) is LoopState.RUNNING

    @property
    def is_training(self) -> bool:
        """Whether a loop changes the weights now, or is about to."""
        return any(self.is_running(name) or self.is_starting(name) for name in TRAINING_LOOPS)

    def describe_live(self, but: str | None = None) -> tuple[str, str]:
        """The live loops by title, each with what it does, but for the one of that name; and those
        that a failure stopped, until they are started again. In full, and in fewer words."""
        told = [name for name in LOOP_TITLES if self.is_live(name) or self.is_broken(name)]
        told = [name for name in told if name != but]
        in_full = " · ".join(map(self.describe_loop, told))
        return in_full, " · ".join(map(self._describe_in_brief, told))

    def _describe_in_brief(self, name: str) -> str:
        """`▶ GSM8K 312/500`: its sign is in the place of what it does."""
        state, far = self.loops.get(name), self._far.get(name)
        if state not in SIGNS or not far or self.is_starting(name):
            return self.describe_loop(name)
        return f"{SIGNS[state]} {LOOP_TITLES[name]} {far}"

    def describe_loop(self, name: str) -> str:
        """A loop by title, with its sign, what it does, and how far it is."""
        if self.is_starting(name):
            return f"{LOOP_TITLES[name]} starting"
        state = self.loops[name]
        if state is LoopState.FAILED:
            return f"{BROKEN.mark} {LOOP_TITLES[name]} stopped by a failure"
        words = f"{LOOP_TITLES[name]} {state.value} {self._far.get(name, '')}"
        return f"{SIGNS.get(state, '')} {words}".strip()

    def saw_reports(self, name: str, reports: "list[Report]") -> "list[Report]":
        """Take in how far a loop is, where its end is known; gives the reports back."""
        for report in reports:
            if isinstance(report, StepReport):
                self._far[name] = f"{report.step:,}/{report.steps:,}"
            elif isinstance(report, EvaluationReport):
                self._far[name] = f"{report.answered:,}/{report.total:,}"
        return reports

    def running_beside_training(self) -> str:
        """The titles of the running loops that leave the weights as they are."""
        names = [n for n in self.loops if self.is_running(n) and n not in TRAINING_LOOPS]
        return " and ".join(LOOP_TITLES[name] for name in names)

    def why_not(self, act: Act) -> str:
        """Why `act` may not be done now, a sentence that says what to do; empty where it may."""
        return (
            self.why_lost
            or self._why_nothing_yet()
            or (BENCH_RUNS if self.is_live(BENCH) else "")
            or self._why_no_change(act)
            or self._why_no_other_model(act)
        )

    @property
    def why_lost(self) -> str:
        """Why nothing can be asked of the device any more; empty where all can."""
        if self.device_lost is None:
            return ""
        return ENGINE_ENDED if self.device_lost.engine_ended else MUST_RESTART

    def _why_nothing_yet(self) -> str:
        """Something was asked for before, and is not there yet."""
        if self.loading_choice is not None:
            if self.status is None:
                return LOADING
            name = visible(self.loading_choice.source, limit=40)
            return f"{name} is being loaded: wait, or cancel that (C)."
        if self.status is None:
            return NO_MODEL if self.loading is None else LOADING
        if self._starting:
            title = " and ".join(LOOP_TITLES[name] for name in sorted(self._starting))
            return f"{title} is being started: wait for it."
        return ""

    def _why_no_change(self, act: Act) -> str:
        """What needs the weights as they are, or changes them itself."""
        if act not in CHANGES:
            return ""
        if self.is_live(EVALUATION):
            return EVALUATION_RUNS
        if self.is_live(STEP):
            return STEP_PLAYS
        if self.is_running(GSM8K) and act is not Act.TRAIN:
            return GSM8K_RUNS
        return GSM8K_IS_PAUSED if self.is_live(GSM8K) and act is Act.PHASE else ""

    def _why_no_other_model(self, act: Act) -> str:
        return PREDICT_RUNS if act is Act.LOAD and self.is_live(PREDICT) else ""
