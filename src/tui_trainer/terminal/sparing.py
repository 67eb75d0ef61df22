"""An app that writes to its terminal only what is not there yet."""

import curses
from collections.abc import Iterator
from functools import cache
from typing import TypeVar

from rich.color import ColorSystem
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.screen import Screen

from tui_trainer.terminal.driver import TerminalDriver
from tui_trainer.terminal.output import OUTPUT
from tui_trainer.terminal.painted import Painted, Piece

Return = TypeVar("Return")
LOOK_SECONDS = 0.05
"""How often to look whether a slow terminal has taken what was written."""


class WritesSparingly(App[Return]):
    """Remembers what the terminal shows, until it may show something else.

    Where the terminal is slow there are fewer frames, and a key waits for none that came before it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._painted = Painted(0, 0)
        self._owes_frame = False

    def on_resize(self) -> None:
        """Sent too when the app comes back from the shell."""
        self.forget_terminal()

    def forget_terminal(self) -> None:
        """Others have written on it, or it has another size: the next frame writes all of it."""
        self._painted = Painted(0, 0)

    def action_redraw(self) -> None:
        """As in a shell: for a terminal that another program has written on."""
        self.forget_terminal()
        self.screen.refresh()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if renderable is not None and self.is_behind:
            self._owe_frame()
            renderable = None
        if isinstance(renderable, ChopsUpdate | LayoutUpdate):
            if self._painted.size != tuple(self.size):
                self._painted = Painted(*self.size, erases=erases_in_ground())
            renderable = Differences(renderable, self._painted)
        super()._display(screen, renderable)

    @property
    def is_behind(self) -> bool:
        """Whether the terminal takes what is written more slowly than it is drawn."""
        return isinstance(self._driver, TerminalDriver) and self._driver.is_behind

    def _owe_frame(self) -> None:
        if not self._owes_frame:
            self._owes_frame = True
            self.set_timer(LOOK_SECONDS, self._pay_frame)

    def _pay_frame(self) -> None:
        """What was not drawn meanwhile is one frame: what differs by then."""
        self._owes_frame = False
        if self.is_behind:
            self._owe_frame()
        else:
            self.screen.refresh()


class Differences(CompositorUpdate):
    """What of an update of Textual's the terminal does not show yet."""

    def __init__(self, update: ChopsUpdate | LayoutUpdate, painted: Painted) -> None:
        self._update = update
        self._painted = painted

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self._update.__rich_console__(console, options)

    def render_segments(self, console: Console) -> str:
        pieces = pieces_of(self._update)
        return self._painted.paint(pieces, console._color_system or ColorSystem.TRUECOLOR)


@cache
def erases_in_ground() -> bool:
    """Whether terminfo has a way to make cells blank for the terminal, in the pen's ground."""
    try:
        curses.setupterm(fd=OUTPUT)
    except curses.error:  # it knows no such terminal
        return False
    return bool(curses.tigetflag("bce") > 0 and curses.tigetstr("ech"))


def pieces_of(update: ChopsUpdate | LayoutUpdate) -> Iterator[Piece]:
    """The strips that Textual would write whole, each with its place."""
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in strips:
                yield x, y, strip
                x += strip.cell_length
        return
    for y, first, last in update.spans:
        for end, (x, chop) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if chop is not None and x <= last and end > first:
                yield x, y, chop.crop(0, min(end, last) - x)
