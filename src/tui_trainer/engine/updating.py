"""What the engine is asked of one update: made, looked at, taken back, and what it is made with."""

from collections.abc import Iterator

from tui_trainer.engine.cell.cost import update_cost
from tui_trainer.engine.cell.fork import fork, update_at
from tui_trainer.engine.cell.moved import which_moved
from tui_trainer.engine.cell.passes import passes
from tui_trainer.engine.cell.update import update
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.model_at_hand import ModelAtHand
from tui_trainer.engine.threads.share import Threads
from tui_trainer.errors import InputError
from tui_trainer.reports.actions import REDO, UNDO, UPDATE
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.reports.moved import MovedReport
from tui_trainer.reports.phases import PhaseReport
from tui_trainer.reports.predictions import PassesReport
from tui_trainer.reports.probes import ProbeReport
from tui_trainer.reports.updates import UpdateCost, UpdateReport
from tui_trainer.settings.cell import CellSettings, check_undo_memory


class Updating:
    """The half of Engine that stands at the training cell, over the model that is loaded."""

    def __init__(self, threads: Threads) -> None:
        self._at_hand: ModelAtHand | None = None
        self._threads = threads

    @property
    def at_hand(self) -> ModelAtHand:
        """The model that is loaded; InputError where none is."""
        if self._at_hand is None:
            raise InputError("No model is loaded: press m and pick one.")
        return self._at_hand

    @property
    def learner(self) -> Learner:
        """The Learner; InputError while no model is loaded."""
        return self.at_hand.learner

    def update(self, text: str) -> UpdateReport:
        """One run of the training cell on `text`."""
        self._threads.settle(waits=False)
        return self._noted(update(self.learner, text))

    def updates(self, text: str) -> Iterator[UpdateReport]:
        """One update for each `next`, without end; settings may change between two."""
        while True:
            yield self.update(text)

    def fork(self, text: str) -> tuple[UpdateReport, ...]:
        """What an update would do at lr / 3, lr and 3 lr; leaves everything as it was."""
        return fork(self.learner, text)

    def update_at(self, text: str, lr: float) -> UpdateReport:
        """An update at another learning rate, which stays."""
        return self._noted(update_at(self.learner, text, lr))

    def update_cost(self, text: str, settings: CellSettings) -> UpdateCost:
        """What an update with these settings would take; none is made."""
        return update_cost(self.learner, text, settings)

    def undo(self) -> LearnerStatus:
        """Take the last update back, bit for bit; InputError where there is none."""
        self.at_hand.training.note(UNDO, self.learner.history.undo())
        return self.learner.status

    def redo(self) -> LearnerStatus:
        """Make the update that was taken back again, to the same bits."""
        self.at_hand.training.note(REDO, self.learner.history.redo())
        return self.learner.status

    def _noted(self, report: UpdateReport) -> UpdateReport:
        training = self.at_hand.training
        training.note(UPDATE, self.learner.action(UPDATE, report.text), report.loss)
        training.reckoner.timed_update(report.seconds)
        return report

    def prepare_undo(self) -> None:
        """Copy ahead of the next update what undo needs; for when nobody waits."""
        self.learner.copy_ahead()

    def set_undo_budget(self, budget: int | None) -> LearnerStatus:
        """How many bytes undo may take; 0 keeps nothing."""
        self.learner.history.set_budget(None if budget is None else check_undo_memory(budget))
        return self.learner.status

    def moved(self) -> MovedReport:
        """Which weights the last update moved, layer by layer."""
        return which_moved(self.learner)

    def follow_probes(self, texts: tuple[str, ...]) -> None:
        """Measure now, once, those of `texts` that are new: what comes is compared with this."""
        self.at_hand.probes.follow(texts)

    def probe(self, texts: tuple[str, ...]) -> tuple[ProbeReport, ...]:
        """The loss and the next token of each of `texts`, then and now."""
        return self.at_hand.probes.report(texts)

    def phase(self, name: str | None, text: str) -> PhaseReport:
        """Run one phase of the training cell, where None the next; forward reads `text`."""
        return self.at_hand.cell.run(name, text)

    def phase_report(self) -> PhaseReport:
        """What the phases have made that is there now."""
        return self.at_hand.cell.report()

    def set_lr(self, lr: float) -> LearnerStatus:
        self.learner.setup.set_lr(lr)
        return self.learner.status

    def set_optimizer(self, name: str) -> LearnerStatus:
        self.learner.setup.set_optimizer(name)
        return self.learner.status

    def set_training(self, training: bool) -> LearnerStatus:
        """Train mode (dropout on) or eval mode for the training cell."""
        self.learner.setup.training = training
        return self.learner.status

    def set_dropout(self, p: float | None) -> LearnerStatus:
        """The dropout probability of the training cell in train mode; None is the model's own."""
        self.learner.set_dropout(p)
        return self.learner.status

    def passes(self, text: str) -> PassesReport:
        """Two forward passes in train mode and two in eval mode; nothing is changed by them."""
        return passes(self.learner, text)
