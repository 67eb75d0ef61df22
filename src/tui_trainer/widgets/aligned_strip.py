"""Two tokenizers' tokens of one text, one above the other, aligned where both have a boundary."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tui_trainer.terminal_text import NEWLINE
from tui_trainer.widgets.selectable_lines import SelectableLines
from tui_trainer.widgets.token_strip import CLOSE, COLOURS, EDGE, OPEN

COMMON_EDGE = "┃"
NAMES = ("A ", "B ")
LINES = 3  # A, B, and a line between


@dataclass(frozen=True)
class Aligned:
    """The tokens of both between two common boundaries, as a terminal may show them."""

    first: tuple[str, ...]
    second: tuple[str, ...]
    first_index: int
    """The index of the first token of `first`; it gives the colour."""
    second_index: int

    @property
    def width(self) -> int:
        return max(strip_width(self.first), strip_width(self.second), 1)

    @property
    def ends_line(self) -> bool:
        return any(pieces and pieces[-1].endswith(NEWLINE) for pieces in (self.first, self.second))


@dataclass(frozen=True)
class Chunk:
    """A segment in a row, or the part of a wide one that fits."""

    segment: int
    x: int
    start: int
    """The first cell of the segment that is shown."""
    width: int
    ends: bool


Row = tuple[Chunk, ...]


def strip_width(pieces: tuple[str, ...]) -> int:
    """The cells of some tokens with an edge between each two."""
    return sum(map(cell_len, pieces)) + max(0, len(pieces) - 1)


def lay_out(segments: Sequence[Aligned], width: int) -> list[Row]:
    """Rows of at most `width` cells, an edge on both sides of each segment."""
    rows: list[Row] = []
    row: list[Chunk] = []
    room = max(1, width - 2)
    x = 1
    for index, segment in enumerate(segments):
        full = segment.width
        for start in range(0, full, room):
            length = min(room, full - start)
            if row and x + length + 1 > width:
                rows.append(tuple(row))
                row, x = [], 1
            row.append(Chunk(index, x, start, length, start + length == full))
            x += length + 1
        if segment.ends_line:
            rows.append(tuple(row))
            row, x = [], 1
    return [*rows, tuple(row)] if row else rows


class AlignedStrip(SelectableLines, can_focus=False):
    """A thick edge is a boundary of both tokenizers, a thin one of one of them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "token-strip--edge",
        "token-strip--selected",
        *(f"token-strip--colour-{number}" for number in range(COLOURS)),
    }

    selected: reactive[int | None] = reactive(None)
    """The index of the segment that is marked."""

    @dataclass
    class Clicked(Message):
        """A segment was clicked."""

        segment: int

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._segments: Sequence[Aligned] = ()
        self._rows: list[Row] = []
        self._row_of: dict[int, int] = {}

    def show(self, segments: Sequence[Aligned]) -> None:
        self._segments = segments
        self._lay_out()

    def on_resize(self, _event: Resize) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        self._rows = lay_out(self._segments, width - len(NAMES[0]))
        self._row_of = {
            chunk.segment: y
            for y, row in enumerate(self._rows)
            for chunk in row
            if chunk.start == 0
        }
        self.virtual_size = Size(width, max(0, LINES * len(self._rows) - 1))
        self._reveal()
        self.refresh()

    def watch_selected(self) -> None:
        self._reveal()
        self.refresh()

    def _reveal(self) -> None:
        row = None if self.selected is None else self._row_of.get(self.selected)
        if row is not None:
            region = Region(0, LINES * row, 1, LINES - 1)
            self.scroll_to_region(region, animate=False, immediate=True)

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        y, x = (offset.y + self.scroll_offset.y) // LINES, offset.x - len(NAMES[0])
        for chunk in self._rows[y] if y < len(self._rows) else ():
            if chunk.x <= x < chunk.x + chunk.width:
                self.post_message(self.Clicked(chunk.segment))

    def draw_line(self, y: int) -> Strip:
        row, line = divmod(y + self.scroll_offset.y, LINES)
        width = self.scrollable_content_region.width
        if line >= len(NAMES) or row >= len(self._rows):
            return Strip.blank(width, self.ground)
        strip = Strip.join(self._strips(self._rows[row], line))
        return strip.adjust_cell_length(width).apply_style(self.ground)

    def _strips(self, row: Row, line: int) -> Iterable[Strip]:
        edge = self.get_component_rich_style("token-strip--edge")
        yield Strip([Segment(NAMES[line], edge)])
        before: Chunk | None = None
        for chunk in row:
            yield Strip([Segment(self._edge(before, chunk), edge)])
            drawn = Strip(self._tokens(chunk.segment, line))
            cut = drawn.crop(chunk.start, chunk.start + chunk.width)
            yield cut.adjust_cell_length(chunk.width)
            before = chunk
        yield Strip([Segment(self._edge(before, None), edge)])

    def _edge(self, left: Chunk | None, right: Chunk | None) -> str:
        if right is not None and right.segment == self.selected and right.start == 0:
            return OPEN
        if left is not None and left.segment == self.selected and left.ends:
            return CLOSE
        goes_on = (left is not None and not left.ends) or (right is not None and right.start > 0)
        return " " if goes_on else COMMON_EDGE

    def _tokens(self, index: int, line: int) -> Iterable[Segment]:
        segment = self._segments[index]
        pieces = segment.second if line else segment.first
        first = segment.second_index if line else segment.first_index
        edge = self.get_component_rich_style("token-strip--edge")
        for number, piece in enumerate(pieces):
            if number:
                yield Segment(EDGE, edge)
            yield Segment(piece, self._style(index, first + number))

    def _style(self, segment: int, token: int) -> Style:
        if segment == self.selected:
            return self.get_component_rich_style("token-strip--selected")
        return self.get_component_rich_style(f"token-strip--colour-{token % COLOURS}")
