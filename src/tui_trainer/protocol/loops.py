"""Requests for the loops over items, and for the learning rate of the one that trains."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from tui_trainer.protocol.loop_names import BENCH, EVALUATION, GSM8K, starting
from tui_trainer.protocol.request import LoopRequest, Request
from tui_trainer.reports.bench_result import BenchReport
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.reports.loop import LoopCost, LoopReport, MemoryEstimate
from tui_trainer.reports.rows import StepRows
from tui_trainer.settings.bench import BenchSettings
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.train import TrainSettings

if TYPE_CHECKING:
    from tui_trainer.protocol.answers import Answers


@dataclass(frozen=True)
class Train(LoopRequest[LoopReport]):
    """The training loop, as a run on disk."""

    doing: ClassVar[str] = starting(GSM8K)
    settings: TrainSettings
    record: bool = True
    """False where nothing is to be written."""
    job: str = ""
    """By which the run is found again; empty where it need not be."""

    def begun_by(self, engine: "Answers") -> Iterator[LoopReport]:
        return engine.train(self.settings, record=self.record, job=self.job)


@dataclass(frozen=True)
class Resume(LoopRequest[LoopReport]):
    """The training loop from a checkpoint on, which is the model that is loaded."""

    doing: ClassVar[str] = starting(GSM8K)
    checkpoint: str
    """Its folder."""
    settings: TrainSettings
    record: bool = True
    job: str = ""
    """As of Train."""

    def begun_by(self, engine: "Answers") -> Iterator[LoopReport]:
        return engine.resume(self.checkpoint, self.settings, record=self.record, job=self.job)


@dataclass(frozen=True)
class ReadBeginning(Request[tuple[MemoryEstimate | None, float]]):
    """What the loop that was begun last will need, and its learning rate."""

    def answered_by(self, engine: "Answers") -> tuple[MemoryEstimate | None, float]:
        return engine.memory_estimate(), engine.training_lr()


@dataclass(frozen=True)
class ReadRows(Request[StepRows]):
    """What the last step of the loop begun last trained on, or what a step would train on."""

    doing: ClassVar[str] = "Reading the rows"
    settings: TrainSettings | None = None
    """Those of the loop whose step it would be; None for the last step that was made."""
    made: int = 0
    """After how many steps of that loop."""

    def answered_by(self, engine: "Answers") -> StepRows:
        return engine.rows(self.settings, self.made)


@dataclass(frozen=True)
class ReckonLoop(Request[LoopCost]):
    """What a loop with these settings would take; it is not begun."""

    settings: TrainSettings

    def answered_by(self, engine: "Answers") -> LoopCost:
        return engine.loop_cost(self.settings)


@dataclass(frozen=True)
class SetTrainingLr(Request[float]):
    """The learning rate of the loop from its next step on; the reply is what it is then."""

    doing: ClassVar[str] = "Setting lr"
    is_seen_by_all: ClassVar[bool] = True
    lr: float

    def answered_by(self, engine: "Answers") -> float:
        engine.set_training_lr(self.lr)
        return engine.training_lr()


@dataclass(frozen=True)
class Evaluate(LoopRequest[EvaluationReport]):
    """Answers to held-out problems, a batch a step."""

    doing: ClassVar[str] = starting(EVALUATION)
    settings: EvaluationSettings

    def begun_by(self, engine: "Answers") -> Iterator[EvaluationReport]:
        return engine.evaluate(self.settings)


@dataclass(frozen=True)
class Bench(LoopRequest[BenchReport]):
    """The training loops side by side."""

    doing: ClassVar[str] = starting(BENCH)
    settings: BenchSettings

    def begun_by(self, engine: "Answers") -> Iterator[BenchReport]:
        return engine.bench(self.settings)
