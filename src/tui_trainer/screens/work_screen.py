"""What every screen is made of: tabs, body, status line, footer, and its text box."""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.app import App, ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Resize
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static, TextArea

from tui_trainer.screens.dialog import LeftOnce
from tui_trainer.screens.key_sheet import ROOM_FOR_SHEET, SHEET_WIDTH, KeySheet
from tui_trainer.screens.typed_ahead import AT_MOST, TOO_MANY
from tui_trainer.session.session import Session
from tui_trainer.widgets.dimmed import DIM_AFTER
from tui_trainer.widgets.header_line import HeaderLine
from tui_trainer.widgets.key_footer import KeyFooter
from tui_trainer.widgets.keys import TEXT, WEIGHTS, key
from tui_trainer.widgets.screen_tabs import ScreenTabs
from tui_trainer.widgets.status_line import Standing, StatusLine

if TYPE_CHECKING:
    from tui_trainer.runs.listing import RunOnDisk

Return = TypeVar("Return")
WIDE, BROAD = 110, 170  # columns
TALL = 34  # rows
EXCUSE_SECONDS = 5.0  # for which one sentence is enough
SAVE = "app.save"
SAVE_TOOLTIP = "Write the weights as they are now: to their run, or as a model of their own"


def leave_text_binding(main: int = 1) -> Binding:
    """The key that leaves the text box."""
    told = "Leave the text box, so that letters are keys"
    return key("escape", "leave_text", "leave text", told, TEXT, main=main)


def save_binding(main: int = 0) -> Binding:
    """The key that saves, where updates are made."""
    return key("c", SAVE, "save", SAVE_TOOLTIP, WEIGHTS, main=main, id="save")


class WorkScreen(Screen[None]):
    """A screen of the app. Subclasses compose `body` and name their text box in `TEXT_BOX`.

    escape leaves the text box, so that plain keys are commands; enter goes back in.
    """

    NAME: ClassVar[str] = ""
    TEXT_BOX: ClassVar[str] = "TextArea"
    AUTO_FOCUS = ""
    # Taken by `_take_size`: the sheet of keys leaves less.
    HORIZONTAL_BREAKPOINTS = []  # noqa: RUF012  # as Textual has it
    VERTICAL_BREAKPOINTS = []  # noqa: RUF012
    HELP: ClassVar[str] = ""
    """What `?` tells of this screen, before its keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        leave_text_binding(),
        key(
            "enter",
            "enter_text",
            "text",
            "Edit the text",
            TEXT,
            main=40,
        ),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._excused: tuple[str, float] | None = None
        """Why a key could not act, and when that was told."""

    def compose(self) -> ComposeResult:
        self._take_size()  # now, not when there are widgets, all styled by another size
        yield ScreenTabs(self.NAME)
        with Vertical(id="body"):
            yield from self.body()
        yield StatusLine()
        yield KeyFooter(self.word_for)

    def on_mount(self) -> None:
        self.session.status_changed.subscribe(self, self.follow_keys)
        self.session.loop_changed.subscribe(self, self.follow_keys)

    def on_screen_resume(self) -> None:
        self._dock_sheet()
        self._take_size()

    def on_resize(self) -> None:
        self._dock_sheet()
        self._take_size()

    def _take_size(self) -> None:
        """The classes of the styles, by the rows there are, and the columns that the sheet leaves.

        Of Textual's breakpoints only one can hold at a width; here a broad screen is wide, too.
        """
        room, is_tall = self.room, self.app.size.height >= TALL
        widths = {"-narrow": room < WIDE, "-wide": room >= WIDE, "-broad": room >= BROAD}
        heights = {"-short": not is_tall, "-tall": is_tall}
        self.update_classes(widths | heights, animate=False)

    # The sheet of keys

    @property
    def is_docked(self) -> bool:
        """Whether the sheet of keys is beside the screen."""
        return self.session.guide.stays and self.app.size.width >= ROOM_FOR_SHEET

    @property
    def room(self) -> int:
        """Columns of the screen without the sheet of keys."""
        return self.app.size.width - (SHEET_WIDTH if self.is_docked else 0)

    def key_sheet(self) -> KeySheet:
        return KeySheet(self.session, self.NAME, self.HELP, lambda: self)

    def _dock_sheet(self) -> None:
        sheet = self.query_one_optional(KeySheet)
        if sheet is not None:
            sheet.display = self.is_docked
        elif self.is_docked and (body := self.query_one_optional("#body")) is not None:
            sheet = self.key_sheet()
            sheet.add_class("-docked")
            sheet.can_focus = False  # the keys are the screen's
            sheet.border_title, sheet.border_subtitle = "keys", Content("? closes")
            body.mount(sheet)

    def toggle_sheet(self) -> None:
        """The sheet beside this screen and the others, until it is closed; all else goes on."""
        self.session.guide.stays = not self.session.guide.stays
        self.post_message(Resize(self.size, self.virtual_size))  # there is another room now

    # The footer and the line of status

    def show_standing(self, standing: Standing) -> None:
        """Tell of the model and of what goes on, in the top row or above the footer."""
        # Not `query`, which looks at every widget of the screen, eight times a second. There is
        # none while the screen is being mounted.
        if (header := self.query_one_optional(HeaderLine)) is not None:
            header.show(standing)
        if (line := self.query_one_optional(StatusLine)) is not None:
            line.show(standing)

    def follow_keys(self, _news: object = None) -> None:
        """What the keys can do may be something else."""
        footer = self.query_one_optional(KeyFooter) if self.is_current else None
        if footer is not None:  # it is while the screen is being mounted
            footer.follow()

    def word_for(self, name: str, label: str) -> str:
        """What the footer calls the key of that id now; "" where it can do nothing now."""
        status = self.session.status
        if name == "reload" and not (status is not None and status.updates):
            return ""
        if name == "save" and not (status is not None and status.unsaved):
            return ""
        if name.startswith("chart-") and not self.lends_keys:
            return ""
        if name == "help-in-text" and not isinstance(self.focused, TextArea):
            return ""
        return label

    @property
    def lends_keys(self) -> bool:
        """Whether the chart that has the focus has keys now that are else the screen's own."""
        return False

    def excuse(self, why: str) -> None:
        """A key cannot act yet: say so, once while it is held, where the worker takes its time."""
        now, doing = time.monotonic(), self.session.worker.doing
        told, when = self._excused or ("", 0.0)
        is_short = doing is None or now - doing.since < DIM_AFTER
        if is_short or (told == why and now - when < EXCUSE_SECONDS):
            return
        self._excused = why, now
        self.notify(why, markup=False)

    def keeps_typed(self, waiting: int) -> bool:
        """Whether one more is kept of what was typed ahead and waits; else the user is told."""
        if waiting >= AT_MOST:
            self.excuse(TOO_MANY)
        return waiting < AT_MOST

    def say(self, where: str, line: str) -> None:
        """Show a line, fit for a terminal, in its place, which may have two or three for it."""
        self.query_one(f"#{where}", Static).update(Content(line))

    async def greet(self) -> bool:
        """Welcome whoever starts the app for the first time; whether this screen does."""
        return False

    def select_sample(self) -> None:
        """At every start: what is typed takes the place of the text that is there as an example,
        where the cursor is in it."""

    def marked_runs(self) -> "list[tuple[str, RunOnDisk]]":
        """The runs on disk that are marked on this screen, each after its letter."""
        return []

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

    @property
    def focus_chain(self) -> list[Widget]:
        """Tab passes the text box by: inside it is a character, and enter goes there."""
        chain = super().focus_chain
        others = [one for one in chain if one is self.focused or not isinstance(one, TextArea)]
        return others or chain

    def action_leave_text(self) -> None:
        self.set_focus(None)

    def action_enter_text(self) -> None:
        self.query_one(self.TEXT_BOX).focus()


def work_screen_of(app: App[Return]) -> WorkScreen | None:
    """The one that is open, or below a dialog, where it can still be seen.

    There is none while the app opens or closes.
    """
    screens = reversed(app.screen_stack)
    return next((screen for screen in screens if isinstance(screen, WorkScreen)), None)


class ScreenOnTop(LeftOnce, WorkScreen):
    """A screen that is opened from another one, and left again for it."""

    def dismiss(self, result: None = None) -> AwaitComplete:
        """As `Dialog.dismiss`."""
        return super().dismiss(result) if self.leaves() else AwaitComplete.nothing()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """It has no text box."""
        return action != "enter_text" and super().check_action(action, parameters)

    def action_close(self) -> None:
        self.dismiss()
