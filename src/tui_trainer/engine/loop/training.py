"""The loops that a model is trained by: the one that was begun last, and its run on disk."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tui_trainer.engine.cell.phases import TrainingCell
from tui_trainer.engine.data.examples import Example, make_examples
from tui_trainer.engine.data.problems import load_problems
from tui_trainer.engine.kept_memory import is_apart
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.alerts.command import told_by_command
from tui_trainer.engine.loop.alerts.watch import watched
from tui_trainer.engine.loop.checkpoint import restore_training
from tui_trainer.engine.loop.cost import Reckoner
from tui_trainer.engine.loop.held_out import HeldOut, hold_out
from tui_trainer.engine.loop.memory_estimate import PlannedLoop, planned_to_fit
from tui_trainer.engine.loop.recording import Recording
from tui_trainer.engine.loop.resumption import check_resumable
from tui_trainer.engine.loop.row_attention import computes_otherwise
from tui_trainer.engine.loop.saved_model import save_model
from tui_trainer.engine.loop.step_rows import lay_out, report_rows
from tui_trainer.engine.loop.stop_rules import StopRules, lines_before
from tui_trainer.engine.loop.stopping import stopped_by_rule
from tui_trainer.engine.loop.train import train
from tui_trainer.engine.loop.training_state import TrainingState, begin_training, describe_loop
from tui_trainer.engine.loop.with_threads import with_threads
from tui_trainer.engine.memory.room import release_unused
from tui_trainer.engine.optimizers.state import state_bytes
from tui_trainer.engine.threads.share import Threads
from tui_trainer.errors import InputError
from tui_trainer.reports.actions import Action, Loop
from tui_trainer.reports.loop import LoopCost, LoopReport, MemoryEstimate
from tui_trainer.reports.problem import Problem
from tui_trainer.reports.progress import Progress
from tui_trainer.reports.rows import StepRows
from tui_trainer.reports.runs import CheckpointReport, RunReport, RunStep, SavedReport, StoppedRun
from tui_trainer.runs.checkpoint_check import check_checkpoint
from tui_trainer.runs.checkpoint_names import run_step_of
from tui_trainer.runs.home import METRICS_FILE
from tui_trainer.runs.training_facts import TENSORS_FILE
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

RUN_IS_OPEN = "A run is being written from these weights: stop its loop first (5, s)."
NO_STEP = "No step has been made: space starts the loop, and . makes one step."
NO_LOOP = "No loop has been started: its settings have the learning rate."


@dataclass(frozen=True)
class Items:
    """What a loop trains on, what it is measured with, and what is to be known of it."""

    examples: list[Example]
    held_out: HeldOut
    loop: Loop


class Training:
    """Begins the loops of one Learner, one after another, and knows the last of them."""

    def __init__(
        self,
        learner: Learner,
        cell: TrainingCell,
        choice: ModelChoice,
        base_name: str,
        progress: Progress,
        threads: Threads,
    ) -> None:
        self._learner = learner
        self._cell = cell
        self._choice = choice
        self._base_name = base_name
        """What a model that is saved is called after."""
        self._progress = progress
        self._threads = threads
        self.reckoner = Reckoner(learner)
        self._recording: Recording | None = None
        self.state: TrainingState | None = None
        """Of the loop that was begun last; None before the first."""
        self.memory: MemoryEstimate | None = None
        """What that loop will need."""

    def begin(
        self, settings: TrainSettings, *, record: bool, job: str = ""
    ) -> Iterator[LoopReport]:
        """A loop from its first step; with `record` it is a run on disk, of a `job` if named."""
        self._threads.watch()
        rules = StopRules(settings)
        items = self.load_items(settings)
        copies = self._check_memory(items, settings)
        state = begin_training(self._learner, settings, items.loop)
        return self._begin(settings, items, replace(state, copies=copies), rules, record, job)

    def resume(
        self, checkpoint: Path, settings: TrainSettings, *, record: bool, job: str = ""
    ) -> Iterator[LoopReport]:
        """The loop of a checkpoint, whose weights the Learner has.

        InputError where the checkpoint is damaged, the items are others, or no step is left.
        """
        self._threads.watch()
        rules = StopRules(settings)
        facts = check_checkpoint(checkpoint, lambda name: name == TENSORS_FILE)
        items = self.load_items(settings)
        check_resumable(checkpoint, facts, settings, items.examples)
        rules.replay(lines_before(checkpoint.parent.parent / METRICS_FILE, facts.step))
        copies = self._check_memory(items, settings)
        # The moments of the loop before, of other weights, would stand beside those in the file.
        self.state = self._recording = None
        state = restore_training(checkpoint, facts, self._learner, settings, items.loop)
        state = replace(state, copies=copies)
        return self._begin(settings, items, state, rules, record, job, checkpoint)

    def load_items(self, settings: TrainSettings) -> Items:
        """Read the problems, and make of them what the settings say."""
        vocabulary, context = self._learner.vocabulary, self._learner.report.context
        problems, examples = self._read(settings)
        self.reckoner.keep(settings, problems)
        held_out = hold_out(vocabulary, settings, problems, context, self._progress)
        loop = describe_loop(problems, examples, settings, context)
        # Of the weights that the loop begins with, as what it looks at itself: they will move.
        apart = computes_otherwise(self._learner, examples, settings)
        return Items(examples, held_out, replace(loop, apart=apart))

    def _read(self, settings: TrainSettings) -> tuple[list[Problem], list[Example]]:
        learner = self._learner
        problems = load_problems(
            settings.problems, limit=settings.items, seed=settings.seed, progress=self._progress
        )
        context = learner.report.context
        return problems, make_examples(learner.vocabulary, problems, settings, context)

    def rows(self, settings: TrainSettings | None, made: int) -> StepRows:
        """What the last step trained on; with `settings` what their step after `made` would.

        InputError where there is no such step.
        """
        if settings is not None:
            _, examples = self._read(settings)
            return report_rows(self._learner, lay_out(self._learner, examples, settings, made))
        if self.state is None or self.state.last_rows is None:
            raise InputError(NO_STEP)
        return report_rows(self._learner, self.state.last_rows)

    def _check_memory(self, items: Items, settings: TrainSettings) -> bool:
        """Whether the first step has room to keep the weights of before it.

        InputError with a remedy where the loop has none even without.
        """
        learner, examples, held_out = self._learner, items.examples, items.held_out
        asked = PlannedLoop(learner, examples, held_out, settings, self.spare_bytes())
        try:
            planned, self.memory = planned_to_fit(asked)
        except InputError:
            if not learner.loaded.give_up():  # the copy that R gives back; its files serve too
                raise
            planned, self.memory = planned_to_fit(asked)
        return planned.copies

    def spare_bytes(self) -> int:
        """What the model's device holds for the loop before, and whatever else is given back there
        where the next begins."""
        state = state_bytes(self.state.optimizer.state) if self.state else 0
        weights, history = self._learner.weights, self._learner.history
        kept_there = 0 if is_apart(self._learner.device) else weights.kept_bytes + history.bytes
        return state + kept_there

    def _begin(
        self,
        settings: TrainSettings,
        items: Items,
        state: TrainingState,
        rules: StopRules,
        record: bool,
        job: str,
        resumed_from: Path | None = None,
    ) -> Iterator[LoopReport]:
        learner, examples = self._learner, items.examples
        recording = None
        if record:
            choice = self._choice
            recording = Recording(learner, choice, settings, examples, state, resumed_from, job)
        # What was done before is the loop's base: an undo of it would change the loop's weights.
        learner.history.release_memory()
        self._cell.drop()  # a gradient left there would be added to those of the first step
        self.state, self._recording = state, recording
        self._threads.settle()  # the run says how many it begins with
        release_unused(learner.device)
        steps = train(learner, examples, settings, state, items.held_out)
        reports = self.reckoner.timed(steps)
        if settings.compiled:  # for this number of threads: another is another warm-up
            reports = self._threads.keep(reports)
        else:
            reports = with_threads(reports, self._threads, state)
        reports = stopped_by_rule(reports, rules, learner, items.held_out, settings, state)
        metrics = None if resumed_from is None else resumed_from.parent.parent / METRICS_FILE
        reports = watched(reports, settings, state, learner, metrics)
        if recording is not None:
            reports = recording.follow(reports)
        return told_by_command(reports, settings.on_alert, self._run_name)

    def _run_name(self) -> str:
        """Of the run that is written; empty where there is none yet."""
        return "" if self.run is None else self.run.name

    def cost(self, settings: TrainSettings) -> LoopCost:
        """What a loop with these settings would take; nothing is begun."""
        return self.reckoner.cost(settings, self.spare_bytes())

    # The loop that was begun last

    @property
    def lr(self) -> float:
        """What its schedule multiplies now; InputError before the first loop."""
        if self.state is None:
            raise InputError(NO_LOOP)
        return self.state.peak_lr

    def set_lr(self, lr: float) -> None:
        """Change it from the next step on; a schedule scales it."""
        if self.state is None:
            raise InputError(NO_LOOP)
        self.state.set_lr(lr)

    @property
    def run(self) -> RunReport | None:
        """The run that it writes; None before its first step and after its end."""
        return None if self._recording is None else self._recording.report

    @property
    def left_by(self) -> RunStep | None:
        """The step of a run on disk that left the weights as they are; None where none is known."""
        if self._recording is not None and (left_by := self._recording.left_by) is not None:
            return left_by
        return None if self._learner.updates else run_step_of(Path(self._choice.source))

    @property
    def stopped_run(self) -> StoppedRun | None:
        """Its run, where it made steps, has more to make and has a checkpoint."""
        return None if self._recording is None else self._recording.stopped

    def check_unwritten(self) -> None:
        """InputError where a run goes: its next step would be of other weights than it says."""
        if self._recording is not None and self._recording.is_open:
            raise InputError(RUN_IS_OPEN)

    def note(self, what: str, action: Action, loss: float | None = None) -> None:
        """A run that is open has this update on its weights: it is to say so."""
        if self._recording is not None:
            self._recording.note(what, action, loss)

    def save(self) -> CheckpointReport | SavedReport | None:
        """Write the weights as they are now; None where every update is in a file already.

        A run that goes, or that left these weights, gets a checkpoint; others become a model of
        their own. InputError where they are not finite, or cannot be written.
        """
        if not self._learner.history.unsaved:
            return None
        if self._recording is not None and self._recording.has_weights:
            return self._recording.checkpoint()
        return save_model(self._learner, self._base_name, self._choice.source)
