"""The panel around a text box."""

from textual.widget import Widget

from tui_trainer.widgets.panel import DOT, Panel
from tui_trainer.widgets.text_box import TextBox

EDITS, LEAVES = "enter edits", "escape leaves it"


class TextBoxPanel(Panel):
    """Its hint says how to get into the text, or out of it; before that what `about` is given."""

    def __init__(self, *children: Widget) -> None:
        super().__init__(*children, title="text", hint=EDITS, id="text-panel")
        self._about = ""

    def tell(self, about: str) -> None:
        """Something of the text, in a few words."""
        self._about = about
        self._tell_hint()

    def on_descendant_focus(self) -> None:
        self._tell_hint()

    def on_descendant_blur(self) -> None:
        self._tell_hint()

    def _tell_hint(self) -> None:
        keys = LEAVES if self.query_one(TextBox).has_focus else EDITS
        self.hint = DOT.join(filter(None, (self._about, keys)))
