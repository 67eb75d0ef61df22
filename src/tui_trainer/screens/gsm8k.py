"""The Gsm8k screen."""

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import TextArea

from tui_trainer.screens.work_screen import WorkScreen


class Gsm8kScreen(WorkScreen):
    NAME = "gsm8k"

    def body(self) -> Iterable[Widget]:
        yield TextArea()
