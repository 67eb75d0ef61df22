"""What the Tokens screen asks of the engine, and what it gets."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_trainer.reports.tokens import Batch, Tokenized

if TYPE_CHECKING:
    from tui_trainer.engine.engine import Engine

SINGLE, BATCH, COMPARE = "single", "batch", "compare"


@dataclass(frozen=True)
class Reply:
    """One text, as far as the view that is open needs it."""

    request: "Request"
    first: Tokenized
    items: tuple[Tokenized, ...] = ()
    """Each item of the batch alone, for the batch view."""
    batch: Batch | None = None
    second: Tokenized | None = None
    """The text by the second tokenizer, for the comparison."""


@dataclass(frozen=True)
class Request:
    """A text, and the view it is for."""

    view: str
    text: str
    source: str
    items: tuple[str, ...]
    """For the batch view."""
    escapes: bool
    """Whether they were typed with `\\n` for a newline."""
    padding_side: str
    second: str | None
    """The source of the second tokenizer, for the comparison."""

    def answer(self, engine: "Engine") -> Reply:
        """Runs on the worker's thread."""
        first = engine.tokenize(self.text, self.source)
        if self.view == BATCH:
            items = tuple(engine.tokenize(item, self.source) for item in self.items)
            batch = engine.batch(self.items, self.padding_side, self.source)
            return Reply(self, first, items, batch)
        if self.view == COMPARE and self.second is not None:
            return Reply(self, first, second=engine.tokenize(self.text, self.second))
        return Reply(self, first)
