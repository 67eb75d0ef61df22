"""Requests for models, and for the one that is loaded."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from tui_trainer.protocol.request import Request
from tui_trainer.reports.models import DeviceReport, LearnerStatus, ModelOption
from tui_trainer.reports.tokens import TokenizerReport
from tui_trainer.settings.model import ModelChoice

if TYPE_CHECKING:
    from tui_trainer.protocol.answers import Answers


@dataclass(frozen=True)
class FindModels(Request[tuple[list[ModelOption], list[DeviceReport]]]):
    """The models that are on this machine, and the devices that they can be loaded to."""

    doing: ClassVar[str] = "Looking for models"

    def answered_by(self, engine: "Answers") -> tuple[list[ModelOption], list[DeviceReport]]:
        return engine.models(), engine.devices()


@dataclass(frozen=True)
class ReadStatus(Request[tuple[LearnerStatus | None]]):
    """What the Learner holds now; None while no model is loaded."""

    def answered_by(self, engine: "Answers") -> tuple[LearnerStatus | None]:
        return (engine.status(),)


@dataclass(frozen=True)
class LoadTokenizer(Request[TokenizerReport]):
    """The tokenizer of a model, without its weights."""

    doing: ClassVar[str] = "Loading a tokenizer"
    source: str

    def answered_by(self, engine: "Answers") -> TokenizerReport:
        return engine.load_tokenizer(self.source)


@dataclass(frozen=True)
class LoadModel(Request[LearnerStatus]):
    """A model in the place of the one that is loaded."""

    doing: ClassVar[str] = "Loading"
    choice: ModelChoice

    def answered_by(self, engine: "Answers") -> LearnerStatus:
        return engine.load_model(self.choice)


@dataclass(frozen=True)
class Reload(Request[LearnerStatus]):
    """The loaded weights again, a fresh optimizer."""

    doing: ClassVar[str] = "Reloading"
    is_seen_by_all: ClassVar[bool] = True

    def answered_by(self, engine: "Answers") -> LearnerStatus:
        return engine.reload()
