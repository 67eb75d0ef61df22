"""The text that is trained on, how many tokens it is, and why it cannot be trained on."""

from collections.abc import Iterable

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.reports.predictions import Prediction
from tui_trainer.widgets.text_box_panel import TextBoxPanel
from tui_trainer.words.numbers import counted
from tui_trainer.words.signs import WARNING


class TextPanel(TextBoxPanel):
    """The text box; below it a sentence where the text is refused."""

    def __init__(self, box: Iterable[Widget]) -> None:
        self._refused = Static(id="refused")
        super().__init__(*box, self._refused)

    def show(self, prediction: Prediction | None, refused: str) -> None:
        """How many tokens it is, and what is wrong with it: empty where nothing is."""
        if self._refused.display != bool(refused):
            self._refused.display = bool(refused)
        if refused:
            self._refused.update(Content.assemble(WARNING, " ", refused))
        if prediction is not None:
            self.tell(counted(prediction.shape[1], "token"))
