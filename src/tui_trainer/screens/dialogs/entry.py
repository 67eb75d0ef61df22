"""A dialog that asks for one line and gives it back when it can be used."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Input, Static

from tui_trainer.errors import InputError
from tui_trainer.screens.dialog import Dialog
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.keys import go_back
from tui_trainer.widgets.panel import Panel
from tui_trainer.widgets.refusal import Refusal
from tui_trainer.widgets.text_box import LineBox
from tui_trainer.xdg import from_home

Value = TypeVar("Value")


def current_folder() -> str:
    """Where a file is whose name has no directory, fit for a terminal."""
    try:
        return visible(from_home(Path.cwd()))
    except OSError:  # it was deleted
        return "the current one"


class Entry(Dialog[Value | None], Generic[Value]):
    """`read` turns the line into a value, or raises InputError, which is shown beneath it."""

    BINDINGS: ClassVar[list[BindingType]] = [go_back()]

    def __init__(
        self, title: str, question: str, initial: str, read: Callable[[str], Value]
    ) -> None:
        """`title`: what is typed, in a word or two; `question`: what it does, or may be."""
        super().__init__()
        self._title = title
        self._question = question
        self._initial = initial
        self._read = read

    def compose(self) -> ComposeResult:
        with Panel(title=self._title, hint="enter takes it · escape goes back", classes="dialog"):
            yield Static(Content(self._question))
            yield LineBox(self._initial)
            yield Refusal()

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        try:
            value = self._read(event.value)
        except InputError as error:
            self.query_one(Refusal).say(str(error))
        else:
            self.dismiss(value)
