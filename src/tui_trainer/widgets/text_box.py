"""Text boxes whose text can hold anything: what a terminal would obey is drawn as a picture."""

from functools import lru_cache

from rich.highlighter import Highlighter
from rich.text import Text
from textual.events import Key
from textual.widgets import Input, TextArea

from tui_trainer.terminal_text import visible

HIDDEN = "¤"  # one cell for one character, so that the cursor stays where it belongs


@lru_cache(maxsize=4096)
def one_cell(character: str) -> str:
    """`character`, or one character that stands for it where a terminal must not get it."""
    if character == "\t":
        return character
    shown = visible(character)
    return shown if len(shown) == 1 else HIDDEN


class VisibleCharacters(Highlighter):
    """Draws the value of an Input as `one_cell` has it."""

    def __call__(self, text: str | Text) -> Text:
        return Text("".join(map(one_cell, str(text))), no_wrap=True, overflow="ignore", end="")

    def highlight(self, text: Text) -> None:
        """Nothing is coloured."""


class LineBox(Input):
    """One line of text; see TextBox."""

    def __init__(self, value: str, *, placeholder: str = "", id: str | None = None) -> None:
        super().__init__(
            value, placeholder=placeholder, highlighter=VisibleCharacters(), id=id, compact=True
        )


class TextBox(TextArea):
    """Several lines of text. tab types a tab; escape is left to the screen."""

    def __init__(self, text: str, *, id: str) -> None:
        super().__init__(text, id=id, soft_wrap=True, tab_behavior="indent", compact=True)
        self.indent_type = "tabs"

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        """enter types a newline, so no key of the screen's that is called so is shown."""
        return key == "enter" or super().check_consume_key(key, character)

    def get_line(self, line_index: int) -> Text:
        line = self.document.get_line(line_index)
        if not (line.isascii() and line.isprintable()):
            line = "".join(map(one_cell, line))
        return Text(line, end="", no_wrap=True)

    def on_key(self, event: Key) -> None:
        """Without this, a TextArea that takes tab moves the focus on escape."""
        if event.key == "escape":
            event.prevent_default()

    @property
    def cursor_index(self) -> int:
        """How many characters of the text stand before the cursor."""
        row, column = self.cursor_location
        newline = len(self.document.newline)
        return sum(len(line) + newline for line in self.document.lines[:row]) + column
