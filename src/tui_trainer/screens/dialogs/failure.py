"""The dialog for an error that the user cannot mend: what happened, and the traceback."""

from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from tui_trainer.failures import Failure, describe_failure
from tui_trainer.screens.dialog import Dialog
from tui_trainer.terminal.last_line import LastLine
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.keys import key
from tui_trainer.widgets.panel import Panel
from tui_trainer.words.signs import BROKEN

Return = TypeVar("Return")


class FailureDialog(Dialog[None]):
    """Shows an exception of the worker; the app lives on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("escape,enter", "dismiss", "close", "Close it, and go on", id="close"),
    ]

    TITLE: ClassVar[str] = "a failure"
    ADVICE: ClassVar[str] = "The app goes on; press R for the loaded weights, or m to load again."

    def __init__(self, failure: Failure) -> None:
        super().__init__()
        self._failure = failure

    def compose(self) -> ComposeResult:
        title = Content.assemble(BROKEN.said(self.TITLE))
        with Panel(title=title, hint="↑↓ scroll · escape closes", classes="dialog wide"):
            with Vertical(classes="above"):
                yield Static(Content(visible(self._failure.sentence, limit=400)), classes="heading")
                yield Static(Content(self.ADVICE))
            with VerticalScroll():
                yield Static(
                    Content(visible(self._failure.traceback or "", newline="\n", tab="    "))
                )
            yield Button("Close", id="close", classes="below", compact=True)

    def on_button_pressed(self) -> None:
        self.dismiss()


class FaultDialog(FailureDialog):
    """Shows an exception of the interface."""

    TITLE = "a fault of the app"
    ADVICE = "A fault of the app itself. It goes on, and so do its loops; the log has this too."


class TellsFailures(LastLine[Return]):
    """An app that shows in a dialog what went wrong, and lives on."""

    def _show_failure(self, failure: Failure) -> None:
        self.push_screen(FailureDialog(failure))

    def tell_fault(self, error: BaseException) -> None:
        """One at a time: those that come while one is shown are in the log."""
        if not any(isinstance(screen, FaultDialog) for screen in self.screen_stack):
            self.push_screen(FaultDialog(describe_failure(error)))
