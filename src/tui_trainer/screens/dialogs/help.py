"""`?` where there is no room beside the screen: the sheet of keys over it."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from tui_trainer.screens.dialog import Dialog
from tui_trainer.screens.key_sheet import KeySheet
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.widgets.keys import key
from tui_trainer.widgets.panel import Panel
from tui_trainer.widgets.screen_tabs import SCREENS


class HelpDialog(Dialog[None]):
    """Tells of the screen beneath it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("escape,question_mark,q,enter", "dismiss", "close", "Close the sheet", id="close"),
    ]

    def __init__(self, screen: WorkScreen) -> None:
        super().__init__()
        self._screen = screen

    def compose(self) -> ComposeResult:
        title = f"keys of {SCREENS[self._screen.NAME][1]}"
        with Panel(title=title, hint="↑↓ scroll · ? or escape closes", classes="dialog wide"):
            yield self._screen.key_sheet()

    def on_mount(self) -> None:
        self.query_one(KeySheet).focus()
