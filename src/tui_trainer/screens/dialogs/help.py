"""`?`: the sheet of keys beside the screen, or over it where there is no room."""

from typing import ClassVar, TypeVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType

from tui_trainer.screens.dialog import Dialog
from tui_trainer.screens.key_sheet import ROOM_FOR_SHEET, KeySheet
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.widgets.keys import key
from tui_trainer.widgets.panel import Panel
from tui_trainer.widgets.screen_tabs import SCREENS

Return = TypeVar("Return")


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


class WithKeys(App[Return]):
    """An app that tells its keys, each by the word that is on it."""

    def get_key_display(self, binding: Binding) -> str:
        """As Textual's, in a word where that has a sign that is not on the key."""
        drawn = super().get_key_display(binding).replace("⏎", "enter")
        return f"ctrl+{drawn[1:]}" if binding.key.startswith("ctrl+") and drawn[0] == "^" else drawn

    def action_help(self) -> None:
        """The sheet of keys: beside the screen where there is room, else over it."""
        if not isinstance(self.screen, WorkScreen):
            return
        if self.size.width >= ROOM_FOR_SHEET:
            self.screen.toggle_sheet()
        else:
            self.push_screen(HelpDialog(self.screen))
