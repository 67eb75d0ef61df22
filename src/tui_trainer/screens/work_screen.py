"""What every screen is made of: tabs, body, status line, footer, and its text box."""

import time
from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static, TextArea

from tui_trainer.screens.dialog import LeftOnce
from tui_trainer.session.session import Session
from tui_trainer.widgets.dimmed import DIM_AFTER
from tui_trainer.widgets.key_footer import KeyFooter
from tui_trainer.widgets.screen_tabs import ScreenTabs
from tui_trainer.widgets.status_line import StatusLine

EXCUSE_SECONDS = 5.0  # for which one sentence is enough
SAVE = "app.save"
SAVE_TOOLTIP = "Write the weights as they are now: to their run, or as a model of their own"


def key(
    name: str,
    action: str,
    what: str,
    tooltip: str,
    group: Binding.Group | None = None,
    *,
    drawn: str = "",
    id: str = "",
) -> Binding:
    """A key of the footer; `drawn` where its name is not what it looks like, `id` where it is
    remapped by another name than that of its action."""
    return Binding(
        name,
        action,
        what,
        key_display=drawn or None,
        id=id or action.replace("_", "-"),
        tooltip=tooltip,
        group=group,
    )


def save_binding(group: Binding.Group | None = None) -> Binding:
    """The key that saves, where updates are made."""
    return Binding("c", SAVE, "Save", id="save", tooltip=SAVE_TOOLTIP, group=group)


class WorkScreen(Screen[None]):
    """A screen of the app. Subclasses compose `body` and name their text box in `TEXT_BOX`.

    escape leaves the text box, so that plain keys are commands; enter goes back in.
    """

    NAME: ClassVar[str] = ""
    TEXT_BOX: ClassVar[str] = "TextArea"
    AUTO_FOCUS = ""
    HELP: ClassVar[str] = ""
    """What `?` tells of this screen, before its keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave_text", "Leave text", key_display="esc", id="leave-text"),
        Binding(
            "enter", "enter_text", "Text", key_display="⏎", id="enter-text", tooltip="Edit the text"
        ),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._excused: tuple[str, float] | None = None
        """Why a key could not act, and when that was told."""

    def compose(self) -> ComposeResult:
        yield ScreenTabs(self.NAME)
        with Vertical(id="body"):
            yield from self.body()
        yield StatusLine()
        yield KeyFooter(compact=True, show_command_palette=False)

    def excuse(self, why: str) -> None:
        """A key cannot act yet: say so, once while it is held, where the worker takes its time."""
        now, doing = time.monotonic(), self.session.worker.doing
        told, when = self._excused or ("", 0.0)
        is_short = doing is None or now - doing.since < DIM_AFTER
        if is_short or (told == why and now - when < EXCUSE_SECONDS):
            return
        self._excused = why, now
        self.notify(why, markup=False)

    def say(self, where: str, line: str) -> None:
        """Show a line, fit for a terminal, in the place that is there for it."""
        self.query_one(f"#{where}", Static).update(Content(line), layout=False)

    def show_waiting(self) -> None:
        """Something was asked for that may have to wait: a screen that can says so at once."""

    def body(self) -> Iterable[Widget]:
        """The widgets between the tabs and the status line; a screen has its own."""
        return ()

    def check_action(self, action: str, _parameters: tuple[object, ...]) -> bool | None:
        """What the footer shows: escape inside a text box, enter outside."""
        if action == "leave_text":
            return isinstance(self.focused, TextArea)
        return True

    def action_leave_text(self) -> None:
        self.set_focus(None)

    def action_enter_text(self) -> None:
        self.query_one(self.TEXT_BOX).focus()


class ScreenOnTop(LeftOnce, WorkScreen):
    """A screen that is opened from another one, and left again for it."""

    def dismiss(self, result: None = None) -> AwaitComplete:
        """As `Dialog.dismiss`."""
        return super().dismiss(result) if self.leaves() else AwaitComplete.nothing()

    def action_close(self) -> None:
        self.dismiss()
