"""The text on the Tokens screen: what is asked of the engine for it, and what there is of it."""

from dataclasses import dataclass

from tui_trainer.protocol.tokens import Tokenize
from tui_trainer.reports.tokens import TokenizedTexts

SINGLE, BATCH, COMPARE = "single", "batch", "compare"


@dataclass(frozen=True)
class AskedText:
    """A text, and the view it is for."""

    view: str
    tokenize: Tokenize
    """What of it is for the engine to answer."""
    escapes: bool
    """Whether the items of the batch were typed with `\\n` for a newline."""


@dataclass(frozen=True)
class ShownText:
    """Its tokens, as far as the view that is open needs them."""

    asked: AskedText
    texts: TokenizedTexts
