"""All that is known of one run on disk."""

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui_trainer.screens.dialog import Dialog
from tui_trainer.widgets.keys import key


class RunDetails(Dialog[None]):
    """Shows text under headings; what it is given is fit for a terminal."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("escape,enter,q", "dismiss", "close", "Back to the runs", id="close")
    ]

    def __init__(self, title: str, parts: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        self._title = title
        self._parts = tuple(parts)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            yield Static(Content(self._title), classes="heading above")
            with VerticalScroll():
                for heading, text in self._parts:
                    yield Static(Content(heading), classes="heading")
                    yield Static(Content(f"{text}\n"))
            yield Static("↑↓ scroll · escape closes", classes="hint below")

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
