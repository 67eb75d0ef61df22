"""The text that Tokens, Predict and Step have in common, unless one is told to keep its own."""

from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.reactive import var
from textual.widgets import Static

from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.widgets.keys import TEXT, key
from tui_trainer.widgets.text_box import TextBox

OWN = "This screen keeps a text of its own: w takes the one of the others."


class SharedText(WorkScreen):
    """A screen whose text is that of the others; `w` parts it from them, and joins it again.

    It is taken over when the screen is opened: whoever types on another one waits for nothing.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        key(
            "w",
            "own_text",
            "own text",
            "A text of this screen's own, or the one of Tokens, Predict and Step",
            TEXT,
        ),
    ]

    keeps_own: var[bool] = var(False)

    @property
    def text(self) -> str:
        """As it is in the box."""
        return self.query_one(TextBox).text

    def text_box(self) -> tuple[TextBox, Static]:
        """The box, and the line that says when its text is the screen's own."""
        return TextBox(self.session.text, id="text"), Static(Content(OWN), id="own-text")

    def on_mount(self) -> None:
        self.session.text_changed.subscribe(self, self._on_text)

    def on_screen_resume(self) -> None:
        self._take_text()

    def on_text_area_changed(self) -> None:
        if not self.keeps_own:
            self.session.share_text(self.text)

    def _on_text(self, _text: str) -> None:
        """The last key typed elsewhere may be heard of after this screen was opened."""
        if self.is_current:
            self._take_text()

    def _take_text(self) -> None:
        box = self.query_one(TextBox)
        if not self.keeps_own and box.text != self.session.text:
            box.replace(self.session.text, (0, 0), box.document.end)
            box.move_cursor(box.document.end)

    def action_own_text(self) -> None:
        self.keeps_own = not self.keeps_own
        self._take_text()

    def watch_keeps_own(self) -> None:
        if self.is_mounted:
            self.query_one("#own-text").display = self.keeps_own
