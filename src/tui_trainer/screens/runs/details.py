"""All that is known of one run on disk."""

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui_trainer.screens.dialog import Dialog
from tui_trainer.widgets.keys import key
from tui_trainer.widgets.panel import Panel


class RunDetails(Dialog[None]):
    """Shows each text in a panel of its own; what it is given is fit for a terminal."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("escape,enter,q", "dismiss", "close", "Back to the runs", id="close")
    ]

    def __init__(self, title: str, parts: Iterable[tuple[str, str, str]]) -> None:
        """`parts`: of each its title, its figure and its lines."""
        super().__init__()
        self._title = title
        self._parts = tuple(parts)

    def compose(self) -> ComposeResult:
        with (
            Panel(title=self._title, hint="↑↓ scroll · escape closes", classes="dialog wide"),
            VerticalScroll(),
        ):
            for title, figure, text in self._parts:
                with Panel(title=title, figure=figure, classes="part"):
                    yield Static(Content(text))

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
