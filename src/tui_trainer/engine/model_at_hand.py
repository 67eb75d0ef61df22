"""The model that is loaded, with all that is kept of it: it comes and goes as one."""

from dataclasses import dataclass

from tui_trainer.engine.cell.phases import TrainingCell
from tui_trainer.engine.cell.probes import Probes
from tui_trainer.engine.export.origin import Origin, check_origin, find_origin
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.training import Training
from tui_trainer.engine.models.sources import Source
from tui_trainer.engine.threads.share import Threads
from tui_trainer.errors import InputError
from tui_trainer.reports.progress import Progress
from tui_trainer.runs.held import Held
from tui_trainer.settings.model import ModelChoice

NOTHING_DONE = "Nothing was done since the weights were loaded: make an update first."


@dataclass(frozen=True)
class ModelAtHand:
    """A Learner, and what looks at it and trains it. No cycle holds it."""

    choice: ModelChoice
    """What was asked for."""
    learner: Learner
    origin: Origin
    """Where a script finds it again."""
    cell: TrainingCell
    probes: Probes
    training: Training
    held: Held | None = None
    """Of a checkpoint: the run that it is of leaves it while it is loaded."""

    def origin_of_export(self) -> Origin:
        """Where a script finds the model; InputError where none can do again what was done."""
        if not self.learner.history.actions:
            raise InputError(NOTHING_DONE)
        check_origin(self.choice.source, self.learner.report.precision)
        return self.origin


def take_in_hand(
    learner: Learner,
    choice: ModelChoice,
    source: Source,
    progress: Progress,
    threads: Threads,
    held: Held | None = None,
) -> ModelAtHand:
    """All that is kept of a model that was loaded from `source`; it computes with its threads."""
    on_cpu = learner.device.type == "cpu"
    threads.use(choice.threads, may_change=on_cpu and not choice.deterministic)
    hooked = learner.setup.dropout.hooked
    cell = TrainingCell(learner)
    return ModelAtHand(
        choice,
        learner,
        find_origin(source, choice, learner.report, hooked, learner.vocabulary.appended),
        cell,
        Probes(learner),
        Training(learner, cell, choice, source.base_name, progress, threads),
        held,
    )
