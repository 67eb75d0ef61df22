"""The sheet of keys: what to do now, each key by what it does; then what the screen shows."""

from collections.abc import Callable, Iterable
from textwrap import wrap

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from tui_trainer.screens.do_now import ALL_DONE, tell_tasks
from tui_trainer.session.session import Session
from tui_trainer.widgets.keys import SCREENS, by_group, keys_of

SHEET_WIDTH = 40
"""Columns of the sheet beside the screen: of 120 it leaves the 80 that every screen is made for."""
ROOM_FOR_SHEET = 120
KEY_CELLS = 8
HEADING, KEY = "bold", "bold $footer-key-foreground"
MOVES = (("↑ ↓", "Move in a table; home and end too"), ("tab", "Go to the next part of the screen"))
IN_A_TEXT_BOX = "In a text box letters are text: escape leaves it, alt and a digit open a screen."


class KeySheet(VerticalScroll):
    """Of the screen that it is on, or of the one below the dialog that it is in."""

    DEFAULT_CSS = f"""
    KeySheet {{ padding: 0 1; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }}
    KeySheet.-docked {{
        dock: right;
        width: {SHEET_WIDTH};
        height: 1fr;
        border: round $line;
        border-title-color: $text;
        border-subtitle-color: $context;
        border-subtitle-align: right;
    }}
    """

    def __init__(
        self, session: Session, name: str, about: str, of: Callable[[], Screen[None]]
    ) -> None:
        """`name` is that of the screen `of` which it tells, `about` what is said of it."""
        super().__init__(can_focus=True)
        self._session, self._of = session, of
        self._screen_name, self._about = name, unwrap(about)
        self._told = Content()

    def compose(self) -> ComposeResult:
        yield Static()

    def on_mount(self) -> None:
        self._session.task_done.subscribe(self, self._tell_anew)
        self._of().bindings_updated_signal.subscribe(self, self._tell_anew)

    def on_resize(self) -> None:
        self._tell_anew()

    def _tell_anew(self, _news: object = None) -> None:
        """Another task is done, or another part of the screen has the focus, with its own keys."""
        if self.is_attached and self.display:
            width = self.scrollable_content_region.width
            told = self._tell(max(1, width))
            if told != self._told:
                self._told = told
                self.query_one(Static).update(told)

    def _tell(self, width: int) -> Content:
        groups = by_group(keys_of(self._of()))
        parts = [
            Content(f"{heading}\n").stylize(HEADING) + self._tell_keys(keys, width)
            for heading, keys in groups.items()
            if heading != SCREENS
        ]
        moves = Content("").join(line(key, sentence, width) for key, sentence in MOVES)
        shown = [self._tell_tasks(), *parts, moves + Content(IN_A_TEXT_BOX), Content(self._about)]
        return Content("\n").join(part for part in shown if part.plain)

    def _tell_keys(self, keys: Iterable[Binding], width: int) -> Content:
        draw = self.app.get_key_display
        return Content("").join(line(draw(key), key.tooltip, width) for key in keys)

    def _tell_tasks(self) -> Content:
        """On top, where whoever asks what to do looks first: a line or two."""
        guide = self._session.guide
        if not (tasks := tell_tasks(guide, self._screen_name)):
            return Content()
        heading = guide.progress() or ALL_DONE
        return Content(f"{heading}\n").stylize(HEADING) + Content(f"{tasks}\n")


def line(key: str, sentence: str, width: int) -> Content:
    """A key and what it does, the lines of the sentence below one another."""
    cells = max(KEY_CELLS, len(key) + 1)
    first, *others = wrap(sentence, max(1, width - cells)) or [""]
    rest = "".join(f"{' ' * cells}{other}\n" for other in others)
    return Content.assemble((f"{key:<{cells}}", KEY), f"{first}\n{rest}")


def unwrap(text: str) -> str:
    """One line for each paragraph: the sheet breaks them where it must."""
    return "\n\n".join(" ".join(part.split()) for part in text.strip().split("\n\n"))
