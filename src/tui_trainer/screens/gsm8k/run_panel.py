"""The run on show, or the next one: its settings, what of it is saved, what it would cost."""

from textual.content import Content
from textual.widgets import Static

from tui_trainer.widgets.panel import Panel


class RunPanel(Panel):
    """At 80 columns its rule has the settings in the place of a title, and nothing is below."""

    def __init__(self) -> None:
        self._lines = Static()
        super().__init__(self._lines, title="run", id="run")

    def show(self, settings: str, facts: Content, name: str) -> None:
        """`facts` are lines below the settings; `name` is that of the run on disk."""
        narrow = self.screen.has_class("-narrow")
        self.title = settings if narrow else "run"
        self.figure = "" if narrow else name
        self._lines.update(Content("\n").join(filter(None, (Content(settings), facts))))


def fitting(lines: tuple[Content, ...], width: int) -> Content:
    """The first that has room; the last one where none has."""
    return next((line for line in lines if line.cell_length <= width), lines[-1])
