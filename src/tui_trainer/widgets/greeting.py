"""What the first start says, above the text that is to be typed."""

from textual.content import Content
from textual.widgets import Static


class Greeting(Static):
    """A few lines over a screen's body, until its task is done or another screen is opened."""

    DEFAULT_CSS = """
    Greeting { height: auto; padding: 0 1; border-left: outer $data; background: $panel; }
    """

    def __init__(self, words: str) -> None:
        *lines, task = words.splitlines()
        super().__init__(Content.assemble("\n".join(lines), "\n", (task, "bold")))
