"""Why something is not done, where it was asked for."""

from textual.content import Content
from textual.widgets import Static

from tui_trainer.terminal_text import visible
from tui_trainer.words.signs import BROKEN

MOST_CHARACTERS = 400


class Refusal(Static):
    """A sentence after its sign, and nothing at all while there is none."""

    DEFAULT_CSS = """
    Refusal { display: none; height: auto; text-style: bold; }
    """

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)

    def say(self, sentence: str) -> None:
        """Tell it; with "" there is none any more."""
        self.display = bool(sentence)
        words = visible(sentence, limit=MOST_CHARACTERS)
        self.update(Content.assemble(BROKEN, f" {words}"))
