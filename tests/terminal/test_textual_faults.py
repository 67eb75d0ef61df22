"""Textual's faults: none of them with its remedy, each of them without.

Where the second half fails, Textual has mended the fault: take the remedy out of
`terminal/textual_faults.py`, and the case from here.
"""

import asyncio
import os
import threading
import tty
from collections.abc import Awaitable, Callable

import pytest
from rich.style import Style
from textual.app import App, ComposeResult
from textual.command import CommandPalette
from textual.containers import VerticalScroll
from textual.dom import NoScreen
from textual.drivers.linux_driver import LinuxDriver
from textual.errors import NoWidget
from textual.events import Click, Key, MouseDown, Resize
from textual.geometry import Size
from textual.message import Message
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import OptionList, Static, TextArea

from tui_trainer.terminal import textual_faults
from tui_trainer.terminal.stand_in import REPLACED

REMEDIES = {
    remedy.__name__: replaced
    for remedy, replaced in REPLACED.items()
    if remedy.__module__ == textual_faults.__name__
}
ENDLESS = 20
LINES = "\n".join(f"line {n}" for n in range(40))


class Plain(App[None]):
    """Nothing of ours."""

    CSS = "TextArea { height: 5; } #hidden { display: none; }"

    def compose(self) -> ComposeResult:
        yield TextArea("x")
        yield OptionList("a longer option")
        yield OptionList("a", "b", id="hidden")
        yield Static("words")

    def _fatal_error(self) -> None:
        """Without the traceback that Textual draws, with all variables: it takes seconds."""
        self._close_messages_no_wait()


async def page_down_a_list_that_is_not_laid_out(app: Plain, pilot: Pilot[None]) -> None:
    options = app.query_one("#hidden", OptionList)
    options.highlighted = 0
    options.action_page_down()


async def narrow_an_option_list(app: Plain, pilot: Pilot[None]) -> None:
    """Asked as the layout asks: after a resize, the app may end before it is laid out again."""
    options = app.query_one(OptionList)
    for width in range(8):
        options.get_content_height(Size(width, 24), app.size, width)


async def click_an_option_that_is_gone(app: Plain, pilot: Pilot[None]) -> None:
    options = app.query_one("#hidden", OptionList)
    where = Style(meta={"option": 1})
    click = Click(options, 0, 0, 0, 0, 1, shift=False, meta=False, ctrl=False, style=where)
    options.clear_options()
    await options._on_click(click)


async def press_what_is_being_taken_away(app: Plain, pilot: Pilot[None]) -> None:
    words = app.query_one(Static)
    x, y = words.content_region.offset
    parent, words._parent = words._parent, None
    try:
        app.screen._forward_event(MouseDown(None, x, y, 0, 0, 1, False, False, False, x, y))
    finally:
        words._parent = parent


async def press_in_what_is_being_taken_away(app: Plain, pilot: Pilot[None]) -> None:
    """A padded text, scrolled up and still to be drawn, in a container that has left its screen."""
    words = Static(LINES)
    words.styles.padding = 1
    box = VerticalScroll(words)
    await app.mount(box, before=0)
    await pilot.pause()
    box.scroll_to(y=5, animate=False)
    await pilot.pause()
    parent, box._parent = box._parent, None
    words._set_dirty()
    try:
        app.screen._forward_event(MouseDown(None, 5, 0, 0, 0, 1, False, False, False, 5, 0))
    finally:
        box._parent = parent


async def click_beside_everything(app: Plain, pilot: Pilot[None]) -> None:
    app.push_screen(CommandPalette())
    await pilot.pause()
    palette = app.screen
    assert isinstance(palette, CommandPalette)
    CommandPalette._on_click(palette, Click(palette, 999, 999, 0, 0, 1, False, False, False))


class Counting(Screen[None]):
    """Knows how often it was told its size, and does something about it afterwards."""

    told = 0

    def on_resize(self, event: Resize) -> None:
        self.told += 1
        self.call_later(lambda: None)  # between two sizes, which Textual would take for one
        if self.told > ENDLESS:
            event.prevent_default()


async def resize_twice_at_once(app: Plain, pilot: Pilot[None]) -> None:
    screen = Counting()
    await app.push_screen(screen)
    for size in (Size(40, 12), app.size):
        screen.post_message(Resize(size, size))
        screen.call_later(lambda: None)
    before = -1
    while before != (before := screen.told):  # it is laid out for the last time
        if screen.told > ENDLESS:
            raise ValueError("It is laid out for ever.")
        await asyncio.sleep(0.3)


async def undo_a_long_paste(app: Plain, pilot: Pilot[None]) -> None:
    area = app.query_one(TextArea)
    area.insert(LINES)
    await pilot.pause()
    area.undo()
    assert area.text == "x"


async def type_a_byte_that_is_no_utf_8(app: Plain, pilot: Pilot[None]) -> None:
    keyboard, terminal = os.openpty()
    tty.setraw(terminal)
    reader = Reader(terminal)
    os.write(keyboard, b"caf\xe9 \x04")
    try:
        reader.run_input_thread()
    finally:
        os.close(keyboard)
        os.close(terminal)
    assert reader.typed == "caf\ufffd "


async def lay_out_between_two_texts(app: Plain, pilot: Pilot[None]) -> None:
    words = app.query_one(Static)
    words.styles.width = "auto"
    await pilot.pause()
    words.update("longer words")
    app.screen._clear_arrangement_cache()  # as for another widget, by which it is laid out
    app.screen._refresh_layout()
    words.update("word")
    await pilot.pause()
    if words.size.width != len("word"):
        raise ValueError(words.size)


class Reader(LinuxDriver):
    """Only what reads, to the first ctrl+d."""

    def __init__(self, terminal: int) -> None:
        self.fileno = terminal
        self.exit_event = threading.Event()
        self._debug = False
        self.typed = ""

    def process_message(self, message: Message) -> None:
        assert isinstance(message, Key)
        if message.key == "ctrl+d":
            self.exit_event.set()
        else:
            self.typed += message.character or ""


Case = Callable[[Plain, Pilot[None]], Awaitable[None]]
CASES: dict[Case, str] = {
    page_down_a_list_that_is_not_laid_out: "move_page_of_what_is_laid_out",
    narrow_an_option_list: "wrap_to_a_column_at_least",
    click_an_option_that_is_gone: "click_what_is_still_listed",
    press_what_is_being_taken_away: "find_what_is_still_there",
    press_in_what_is_being_taken_away: "find_what_is_still_there",
    click_beside_everything: "click_where_the_palette_is",
    resize_twice_at_once: "lay_out_at_the_size_that_is_now",
    lay_out_between_two_texts: "refresh_to_another_size_each_time",
    undo_a_long_paste: "find_cursor_within_text",
    type_a_byte_that_is_no_utf_8: "decode_whatever_comes",
}
"""What provokes a fault, and its remedy."""
RAISED = AttributeError, LookupError, NoScreen, NoWidget, ValueError


def test_every_remedy_has_its_fault() -> None:
    assert set(CASES.values()) == set(REMEDIES)


async def provoke(case: Case) -> None:
    app = Plain()
    async with app.run_test(size=(80, 24)) as pilot:
        await case(app, pilot)
        await pilot.pause()


@pytest.mark.parametrize("case", CASES)
async def test_no_fault_with_its_remedy(case: Case) -> None:
    await provoke(case)


@pytest.mark.parametrize("case", CASES)
async def test_textual_still_has_the_fault(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    remedy = REMEDIES[CASES[case]]
    monkeypatch.setattr(remedy.owner, remedy.name, remedy.original)
    with pytest.raises(RAISED):
        await provoke(case)
