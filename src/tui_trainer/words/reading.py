"""What a tokenizer did to a text before it cut it, in a sentence."""

from tui_trainer.reports.tokens import Tokenized
from tui_trainer.terminal_text import visible
from tui_trainer.words.numbers import counted

SHOWN = 40
"""Characters of the changed text."""


def describe_reading(tokenized: Tokenized) -> str:
    """How the text was changed, and how much of it is in no token; "" where neither is so."""
    said = []
    if tokenized.read_as is not None:
        said.append(f"read as {visible(tokenized.read_as, limit=SHOWN) or 'nothing'}")
    if tokenized.dropped:
        lost = visible(tokenized.dropped, limit=SHOWN).replace(" ", "␣")
        said.append(f"{counted(len(tokenized.dropped), 'character')} in no token: {lost}")
    return " · ".join(said)
