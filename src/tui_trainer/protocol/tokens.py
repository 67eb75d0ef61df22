"""Requests for tokens, which need a tokenizer and no weights."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from tui_trainer.protocol.request import Request
from tui_trainer.reports.items import ItemTokens
from tui_trainer.reports.problem import Problem
from tui_trainer.reports.rows import StepRows
from tui_trainer.reports.tokens import TokenizedTexts, VocabularyEntry
from tui_trainer.settings.train import TrainSettings

if TYPE_CHECKING:
    from tui_trainer.protocol.answers import Answers


@dataclass(frozen=True)
class Tokenize(Request[TokenizedTexts]):
    """A text; several as one batch with it, or the text by a second tokenizer beside it."""

    doing: ClassVar[str] = "Tokenizing"
    text: str
    source: str
    """The model whose tokenizer it is."""
    items: tuple[str, ...] = ()
    """The texts of the batch."""
    padding_side: str = ""
    """`left` or `right`; empty where there is to be no batch."""
    second: str | None = None
    """The model of the second tokenizer."""

    def answered_by(self, engine: "Answers") -> TokenizedTexts:
        first = engine.tokenize(self.text, self.source)
        items = tuple(engine.tokenize(item, self.source) for item in self.items)
        batch = second = None
        if self.padding_side:
            batch = engine.batch(self.items, self.padding_side, self.source)
        if self.second is not None:
            second = engine.tokenize(self.text, self.second)
        return TokenizedTexts(first, items, batch, second)


@dataclass(frozen=True)
class ReadVocabulary(Request[tuple[VocabularyEntry, ...]]):
    """The entries of a vocabulary from one ID on, as far as there are any."""

    doing: ClassVar[str] = "Reading the vocabulary"
    source: str
    """The model whose tokenizer it is."""
    first: int
    count: int

    def answered_by(self, engine: "Answers") -> tuple[VocabularyEntry, ...]:
        return engine.vocabulary(self.source, self.first, self.count)


@dataclass(frozen=True)
class ReadItem(Request[ItemTokens]):
    """What a loop would make of one item."""

    doing: ClassVar[str] = "Tokenizing"
    index: int
    problem: Problem
    settings: TrainSettings
    source: str
    """The model whose tokenizer it is."""

    def answered_by(self, engine: "Answers") -> ItemTokens:
        return engine.item(self.index, self.problem, self.settings, self.source)


@dataclass(frozen=True)
class ReadTextRows(Request[StepRows]):
    """Texts as one batch, position by position as the model gets it."""

    doing: ClassVar[str] = "Reading the rows"
    texts: tuple[str, ...]
    padding_side: str
    source: str
    """The model whose tokenizer it is."""

    def answered_by(self, engine: "Answers") -> StepRows:
        return engine.text_rows(self.texts, self.padding_side, self.source)
