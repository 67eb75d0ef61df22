"""Requests of the training cell: updates, its phases, the way back, what they moved."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from tui_trainer.errors import InputError
from tui_trainer.protocol.loop_names import STEP, starting
from tui_trainer.protocol.request import LoopRequest, Request
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.reports.phases import PhaseReport
from tui_trainer.reports.step_views import StepViews
from tui_trainer.reports.updates import UpdateCost, UpdateReport
from tui_trainer.settings.cell import CellSettings

if TYPE_CHECKING:
    from tui_trainer.protocol.answers import Answers


@dataclass(frozen=True)
class Update(Request[UpdateReport]):
    """One run of the training cell on a text."""

    doing: ClassVar[str] = "Updating"
    is_seen_by_all: ClassVar[bool] = True
    text: str

    def answered_by(self, engine: "Answers") -> UpdateReport:
        return engine.update(self.text)


@dataclass(frozen=True)
class UpdateAt(Request[UpdateReport]):
    """An update at another learning rate, which stays."""

    doing: ClassVar[str] = "Updating"
    is_seen_by_all: ClassVar[bool] = True
    text: str
    lr: float

    def answered_by(self, engine: "Answers") -> UpdateReport:
        return engine.update_at(self.text, self.lr)


@dataclass(frozen=True)
class KeepUpdating(LoopRequest[UpdateReport]):
    """One update a step, without end."""

    doing: ClassVar[str] = starting(STEP)
    text: str

    def begun_by(self, engine: "Answers") -> Iterator[UpdateReport]:
        return engine.updates(self.text)


@dataclass(frozen=True)
class ReckonUpdate(Request[UpdateCost]):
    """What an update with these settings would take; none is made."""

    text: str
    settings: CellSettings

    def answered_by(self, engine: "Answers") -> UpdateCost:
        return engine.update_cost(self.text, self.settings)


@dataclass(frozen=True)
class Fork(Request[tuple[UpdateReport, ...]]):
    """What an update would do at three learning rates; leaves everything as it was."""

    doing: ClassVar[str] = "Trying three lr"
    is_seen_by_all: ClassVar[bool] = True
    text: str

    def answered_by(self, engine: "Answers") -> tuple[UpdateReport, ...]:
        return engine.fork(self.text)


# Back and forth


@dataclass(frozen=True)
class Undo(Request[LearnerStatus]):
    """Take the last update back, bit for bit."""

    doing: ClassVar[str] = "Undoing"
    is_seen_by_all: ClassVar[bool] = True

    def answered_by(self, engine: "Answers") -> LearnerStatus:
        return engine.undo()


@dataclass(frozen=True)
class Redo(Request[LearnerStatus]):
    """Make the update that was taken back again, to the same bits."""

    doing: ClassVar[str] = "Redoing"
    is_seen_by_all: ClassVar[bool] = True

    def answered_by(self, engine: "Answers") -> LearnerStatus:
        return engine.redo()


@dataclass(frozen=True)
class PrepareUndo(Request[None]):
    """Copy ahead of the next update what undo needs; for when nobody waits."""

    def answered_by(self, engine: "Answers") -> None:
        engine.prepare_undo()


@dataclass(frozen=True)
class SetUndoBudget(Request[LearnerStatus]):
    """How many bytes undo may take; 0 keeps nothing, None is a share of the memory that is free."""

    doing: ClassVar[str] = "Setting"
    is_seen_by_all: ClassVar[bool] = True
    budget: int | None

    def answered_by(self, engine: "Answers") -> LearnerStatus:
        return engine.set_undo_budget(self.budget)


# Inside an update


@dataclass(frozen=True)
class RunPhase(Request[PhaseReport]):
    """One phase of the training cell, where None the next; forward reads the text."""

    doing: ClassVar[str] = "Running a phase"
    is_seen_by_all: ClassVar[bool] = True
    phase: str | None
    text: str

    def answered_by(self, engine: "Answers") -> PhaseReport:
        return engine.phase(self.phase, self.text)


@dataclass(frozen=True)
class ReadViews(Request[StepViews]):
    """What the views of Step show that are open: all of it at once, and no more."""

    doing: ClassVar[str] = "Measuring"
    phases: bool = False
    """What the phases have made that is there now."""
    moved: bool = False
    """Which weights the last update moved, layer by layer."""
    probes: tuple[str, ...] | None = None
    """The loss and the next token of each of these, then and now."""
    passes: str | None = None
    """Two forward passes over this text in train mode and two in eval mode."""

    def answered_by(self, engine: "Answers") -> StepViews:
        began = time.perf_counter()
        phases = engine.phase_report() if self.phases else None
        moved = engine.moved() if self.moved else None
        probes = None if self.probes is None else engine.probe(self.probes)
        passes, refused = None, ""
        if self.passes is not None:
            try:
                passes = engine.passes(self.passes)
            except InputError as error:  # the other views have what they show all the same
                refused = str(error)
        seconds = time.perf_counter() - began
        return StepViews(phases, moved, probes, passes, refused, seconds)


@dataclass(frozen=True)
class FollowProbes(Request[None]):
    """Measure now, once, those of the texts that are new: what comes is compared with this."""

    doing: ClassVar[str] = "Probing"
    texts: tuple[str, ...]

    def answered_by(self, engine: "Answers") -> None:
        engine.follow_probes(self.texts)


# What the next update is made with


@dataclass(frozen=True)
class SetLr(Request[LearnerStatus]):
    """The learning rate of the training cell."""

    doing: ClassVar[str] = "Setting"
    is_seen_by_all: ClassVar[bool] = True
    lr: float

    def answered_by(self, engine: "Answers") -> LearnerStatus:
        return engine.set_lr(self.lr)


@dataclass(frozen=True)
class SetOptimizer(Request[LearnerStatus]):
    """Another optimizer, a fresh one."""

    doing: ClassVar[str] = "Setting"
    is_seen_by_all: ClassVar[bool] = True
    name: str

    def answered_by(self, engine: "Answers") -> LearnerStatus:
        return engine.set_optimizer(self.name)


@dataclass(frozen=True)
class SetTraining(Request[LearnerStatus]):
    """Train mode (dropout on) or eval mode."""

    doing: ClassVar[str] = "Setting"
    is_seen_by_all: ClassVar[bool] = True
    training: bool

    def answered_by(self, engine: "Answers") -> LearnerStatus:
        return engine.set_training(self.training)


@dataclass(frozen=True)
class SetDropout(Request[LearnerStatus]):
    """The dropout probability of train mode; None is the model's own."""

    doing: ClassVar[str] = "Setting dropout"
    is_seen_by_all: ClassVar[bool] = True
    p: float | None

    def answered_by(self, engine: "Answers") -> LearnerStatus:
        return engine.set_dropout(self.p)
