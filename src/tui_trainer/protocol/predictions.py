"""Requests for what the model predicts, and for text that it generates."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from tui_trainer.protocol.loop_names import PREDICT, starting
from tui_trainer.protocol.request import LoopRequest, Request
from tui_trainer.reports.generation import GeneratedToken, Inspection
from tui_trainer.reports.labelled_logits import CrossEntropyReport, LabelledLogits
from tui_trainer.reports.predictions import Prediction
from tui_trainer.settings.sampling import Sampling

if TYPE_CHECKING:
    from tui_trainer.protocol.answers import Answers


@dataclass(frozen=True)
class Predict(Request[Prediction]):
    """A forward pass, with the `top` most likely tokens of each position."""

    doing: ClassVar[str] = "Predicting"
    text: str
    top: int = 5

    def answered_by(self, engine: "Answers") -> Prediction:
        return engine.predict(self.text, self.top)


@dataclass(frozen=True)
class CrossEntropy(Request[CrossEntropyReport]):
    """The loss of a row of logits, and its gradient."""

    question: LabelledLogits

    def answered_by(self, engine: "Answers") -> CrossEntropyReport:
        return engine.cross_entropy(self.question)


@dataclass(frozen=True)
class Descend(Request[tuple[CrossEntropyReport, ...]]):
    """A row of logits as it is, and after each of some steps against its gradient."""

    question: LabelledLogits
    steps: int
    lr: float

    def answered_by(self, engine: "Answers") -> tuple[CrossEntropyReport, ...]:
        reports = [engine.cross_entropy(self.question)]
        for _ in range(self.steps):
            reports.append(engine.cross_entropy(reports[-1].stepped(self.lr)))
        return tuple(reports)


@dataclass(frozen=True)
class Inspect(Request[Inspection]):
    """A forward pass over a text and the tokens generated after it, opened at one position."""

    doing: ClassVar[str] = "Predicting"
    text: str
    generated: tuple[int, ...]
    """The IDs of the tokens after the text."""
    index: int
    sampling: Sampling
    top: int = 50

    def answered_by(self, engine: "Answers") -> Inspection:
        return engine.inspect(self.text, self.generated, self.index, self.sampling, self.top)


@dataclass(frozen=True)
class NextToken(Request[GeneratedToken]):
    """One token more."""

    doing: ClassVar[str] = "Generating"
    text: str
    generated: tuple[int, ...]
    sampling: Sampling

    def answered_by(self, engine: "Answers") -> GeneratedToken:
        return engine.next_token(self.text, self.generated, self.sampling)


@dataclass(frozen=True)
class Generate(LoopRequest[GeneratedToken]):
    """At most `limit` tokens, one a step."""

    doing: ClassVar[str] = starting(PREDICT)
    text: str
    generated: tuple[int, ...]
    sampling: Sampling
    """Until SetSampling has others."""
    limit: int

    def begun_by(self, engine: "Answers") -> Iterator[GeneratedToken]:
        return engine.generate(self.text, self.generated, self.sampling, self.limit)


@dataclass(frozen=True)
class SetSampling(Request[None]):
    """Other settings for the generation that goes, from its next token on."""

    sampling: Sampling

    def answered_by(self, engine: "Answers") -> None:
        engine.set_sampling(self.sampling)
