"""A text as its tokens: each on its own background, the selected one between thick edges."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style
from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tui_trainer.terminal_text import NEWLINE
from tui_trainer.widgets.selectable_lines import SelectableLines

EDGE, OPEN, CLOSE = "│", "▐", "▌"
COLOURS = 2


@dataclass(frozen=True)
class Fragment:
    """A token in a row, or the part of a long one that fits."""

    token: int
    x: int
    """Its first cell; the edge is the cell before it."""
    text: str
    width: int
    begins: bool
    ends: bool


Row = tuple[Fragment, ...]


def lay_out(pieces: Iterable[str], width: int) -> list[Row]:
    """Rows of at most `width` cells, an edge on both sides of each token.

    A row ends after a token that ends a line of the text, as the text itself does.
    """
    rows: list[Row] = []
    row: list[Fragment] = []
    room = max(1, width - 2)
    x = 1
    for token, piece in enumerate(pieces):
        chunks = chop_cells(piece, room) if cell_len(piece) > room else [piece]
        for number, chunk in enumerate(chunks):
            length = cell_len(chunk)
            if row and x + length + 1 > width:
                rows.append(tuple(row))
                row, x = [], 1
            ends = number == len(chunks) - 1
            row.append(Fragment(token, x, chunk, length, number == 0, ends))
            x += length + 1
        if piece.endswith(NEWLINE):
            rows.append(tuple(row))
            row, x = [], 1
    return [*rows, tuple(row)] if row else rows


class TokenStrip(SelectableLines, can_focus=False):
    """`show` takes tokens as a terminal may show them; a click on one selects it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "token-strip--edge",
        "token-strip--selected",
        *(f"token-strip--colour-{number}" for number in range(COLOURS)),
    }

    selected: reactive[int | None] = reactive(None)
    """The index of the token that is marked."""

    @dataclass
    class Clicked(Message):
        """A token was clicked."""

        strip: "TokenStrip"
        token: int

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._pieces: Sequence[str] = ()
        self._rows: list[Row] = []
        self._row_of: dict[int, int] = {}

    def show(self, pieces: Sequence[str]) -> None:
        if pieces != self._pieces:
            self._pieces = pieces
            self._lay_out()

    def on_resize(self, _event: Resize) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        self._rows = lay_out(self._pieces, width)
        self._row_of = {
            fragment.token: y
            for y, row in enumerate(self._rows)
            for fragment in row
            if fragment.begins
        }
        self.virtual_size = Size(width, len(self._rows))
        self._reveal()
        self.refresh()

    def watch_selected(self) -> None:
        self._reveal()
        self.refresh()

    def _reveal(self) -> None:
        row = None if self.selected is None else self._row_of.get(self.selected)
        if row is not None:
            self.scroll_to_region(Region(0, row, 1, 1), animate=False, immediate=True)

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        y = offset.y + self.scroll_offset.y
        for fragment in self._rows[y] if y < len(self._rows) else ():
            if fragment.x <= offset.x < fragment.x + fragment.width:
                self.post_message(self.Clicked(self, fragment.token))

    def draw_line(self, y: int) -> Strip:
        y += self.scroll_offset.y
        width = self.scrollable_content_region.width
        row = self._rows[y] if y < len(self._rows) else ()
        strip = Strip(self._segments(row)) if row else Strip([])
        return strip.adjust_cell_length(width).apply_style(self.ground)

    def _segments(self, row: Row) -> Iterable[Segment]:
        edge = self.get_component_rich_style("token-strip--edge")
        before: Fragment | None = None
        for fragment in row:
            yield Segment(self._edge(before, fragment), edge)
            yield Segment(fragment.text, self._style_of(fragment.token))
            before = fragment
        yield Segment(self._edge(before, None), edge)

    def _edge(self, left: Fragment | None, right: Fragment | None) -> str:
        """What stands between two tokens; a space where a token goes on over the row's end."""
        if right is not None and right.token == self.selected and right.begins:
            return OPEN
        if left is not None and left.token == self.selected and left.ends:
            return CLOSE
        goes_on = (left is not None and not left.ends) or (right is not None and not right.begins)
        return " " if goes_on else EDGE

    def _style_of(self, token: int) -> Style:
        if token == self.selected:
            return self.get_component_rich_style("token-strip--selected")
        return self.get_component_rich_style(f"token-strip--colour-{token % COLOURS}")
