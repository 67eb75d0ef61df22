"""The model that is loaded, with all that is kept of it: it comes and goes as one."""

from dataclasses import dataclass

from tui_trainer.engine.cell.phases import TrainingCell
from tui_trainer.engine.cell.probes import Probes
from tui_trainer.engine.export.origin import Origin, find_origin
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.training import Training
from tui_trainer.engine.models.sources import Source
from tui_trainer.reports.progress import Progress
from tui_trainer.settings.model import ModelChoice


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


def take_in_hand(
    learner: Learner, choice: ModelChoice, source: Source, progress: Progress
) -> ModelAtHand:
    """All that is kept of a model that was loaded from `source`."""
    hooked = learner.setup.dropout.hooked
    cell = TrainingCell(learner)
    return ModelAtHand(
        choice,
        learner,
        find_origin(source, choice, learner.report, hooked, learner.vocabulary.appended),
        cell,
        Probes(learner),
        Training(learner, cell, choice, source.base_name, progress),
    )
