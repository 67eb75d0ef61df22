"""What the Tokens screen asks of the engine, and what it gets."""

from dataclasses import dataclass

from tui_trainer.protocol.tokens import Tokenize
from tui_trainer.reports.tokens import TokenizedTexts

SINGLE, BATCH, COMPARE = "single", "batch", "compare"


@dataclass(frozen=True)
class Reply:
    """One text, as far as the view that is open needs it."""

    request: "Request"
    texts: TokenizedTexts


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

    def tokenize(self) -> Tokenize:
        """What of it is for the engine to answer."""
        return Tokenize(self.text, self.source, self.items, self.padding_side, self.second)
