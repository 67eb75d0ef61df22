"""What Textual 8.2 does wrong, each mended here: where it is, since it makes its own widgets.

tests/terminal/test_textual_faults.py shows each fault without its remedy, and fails once a Textual
has none: then the remedy goes.
"""

import codecs
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Literal

from textual.command import CommandPalette
from textual.content import Content, _FormattedLine
from textual.drivers import linux_driver
from textual.errors import NoWidget
from textual.events import Click, Resize
from textual.geometry import Offset, Region
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import OptionList, TextArea

from tui_trainer.terminal.stand_in import stand_in

_move_page = OptionList._move_page


@stand_in(OptionList, "_move_page")
def move_page_of_what_is_laid_out(options: OptionList, direction: Literal[-1, 1]) -> None:
    """KeyError on page up and page down before a list, as the palette's, is laid out."""
    if (options.highlighted or 0) in options._index_to_line:
        _move_page(options, direction)


_click = OptionList._on_click


@stand_in(OptionList, "_on_click")
async def click_what_is_still_listed(options: OptionList, event: Click) -> None:
    """IndexError at the second of two quick clicks, where the first has emptied the list."""
    if event.style.meta.get("option", 0) < options.option_count:
        await _click(options, event)


_at = Screen.get_widget_and_offset_at


@stand_in(Screen, "get_widget_and_offset_at")
def find_what_is_still_there(
    screen: Screen[object], x: int, y: int
) -> tuple[Widget | None, Offset | None]:
    """AttributeError, or NoScreen where it has to be drawn first, where the mouse is pressed on a
    widget that is being taken away, or on what is in one."""
    with suppress(NoWidget):
        widget, _ = screen.get_widget_at(x, y)
        if screen in widget.ancestors_with_self:
            return _at(screen, x, y)
    return None, None


_resize = Screen._on_resize


@stand_in(Screen, "_on_resize")
async def lay_out_at_the_size_that_is_now(screen: Screen[object], event: Resize) -> None:
    """An endless loop where the terminal changes its size twice at once.

    A screen that is laid out at another size than before sends itself that size: two of them on
    their way bring each other back.
    """
    if event.size == screen.app.size:
        await _resize(screen, event)
    else:
        event.stop()


_click_palette = CommandPalette._on_click


@stand_in(CommandPalette, "_on_click")
def click_where_the_palette_is(palette: CommandPalette, event: Click) -> None:
    """NoWidget at a click where nothing is any more, as after the terminal shrank."""
    with suppress(NoWidget):
        _click_palette(palette, event)


_refresh = Widget.refresh


@stand_in(Widget, "refresh")
def refresh_to_another_size_each_time(
    widget: Widget,
    *regions: Region,
    repaint: bool = True,
    layout: bool = False,
    recompose: bool = False,
) -> Widget:
    """A text that is left at the width of the one before it, by which a part of that stays.

    Textual remembers how large a widget is until one more layout is asked for, but counts none that
    is asked for before it has looked at the one before; the screen may have been laid out between.
    """
    if layout and widget._layout_required:
        widget._layout_updates += 1
    return _refresh(widget, *regions, repaint=repaint, layout=layout, recompose=recompose)


_wrap_and_format: Callable[..., list[_FormattedLine]] = Content._wrap_and_format


@stand_in(Content, "_wrap_and_format")
def wrap_to_a_column_at_least(
    content: Content, width: int, *args: object, **kwargs: object
) -> list[_FormattedLine]:
    """ValueError from a text that is to be wrapped to no column, as in a narrow palette."""
    return _wrap_and_format(content, max(width, 1), *args, **kwargs)


@stand_in(TextArea, "_recompute_cursor_offset")
def find_cursor_within_text(area: TextArea) -> None:
    """ValueError where an undo shortens a text so that its scroll bar goes.

    Textual then looks for the cursor before it has moved it up.
    """
    location = area.clamp_visitable(area.cursor_location)
    area._cursor_offset = area.wrapped_document.location_to_offset(location)


@stand_in(linux_driver, "getincrementaldecoder")
def decode_whatever_comes(encoding: str) -> Callable[[], codecs.IncrementalDecoder]:
    """UnicodeDecodeError, and the end of the app, at a byte that is no UTF-8: U+FFFD instead.

    As from line noise, or a paste where the clipboard is Latin-1.
    """
    return partial(codecs.getincrementaldecoder(encoding), errors="replace")
