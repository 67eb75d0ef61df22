"""The Tokens screen."""

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import TextArea

from tui_trainer.screens.work_screen import WorkScreen


class TokensScreen(WorkScreen):
    NAME = "tokens"

    def body(self) -> Iterable[Widget]:
        yield TextArea()
