"""A table that draws only the rows in view, so that ten thousand cost what ten cost."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.content import Content
from textual.events import Click, Resize
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tui_trainer.widgets.cell_text import fit, fit_content
from tui_trainer.widgets.chart_keys import WithChart
from tui_trainer.widgets.keys import MOVE, key
from tui_trainer.widgets.selectable_lines import SelectableLines

MARK, GAP, NARROW_GAP = "▶", "  ", " "
NO_CHART = ", where the screen has no chart to read"
"""What is between two columns; the narrow one where there is no room for the other."""
Cell = str | Content
"""A string costs least; a `Content` has styles such as `$better` in it."""
Row = Callable[[int], tuple[Cell, ...]]
"""The cells of a row, by its number."""


@dataclass(frozen=True)
class Column:
    """A column: `width` cells, and a part of the width that is left over where `share` says so."""

    title: str
    width: int
    right: bool = False
    share: int = 0
    keep_end: bool = False
    """Of a cell that is too long the end stays: a path's says which file it is."""


class LineTable(SelectableLines, can_focus=True):
    """Rows of text with a cursor, marked by a sign as well as by its colour.

    `show` takes a function that gives the cells of a row, as a terminal may show them. Left and
    right move the cursor too, but where they read the screen's chart.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line-table--header",
        "line-table--even",
        "line-table--cursor",
        "line-table--cursor-focused",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        key("up", "move(-1)", "row above", "The row above", MOVE, id="row-above"),
        key("left", "aside(-1)", "row above", f"The row above{NO_CHART}", MOVE, id="row-left"),
        key("down", "move(1)", "row below", "The row below", MOVE, id="row-below"),
        key("right", "aside(1)", "row below", f"The row below{NO_CHART}", MOVE, id="row-right"),
        key("pageup", "page(-1)", "page up", "A page up", MOVE, id="page-up"),
        key("pagedown", "page(1)", "page down", "A page down", MOVE, id="page-down"),
        key("home", "move(-1000000000)", "first row", "The first row", MOVE, id="first-row"),
        key("end", "move(1000000000)", "last row", "The last row", MOVE, id="last-row"),
    ]

    cursor: reactive[int] = reactive(0, repaint=False)  # `watch_cursor` draws its two rows

    @dataclass
    class Moved(Message):
        """The user moved the cursor to another row."""

        table: "LineTable"
        row: int

        @property
        def control(self) -> "LineTable":
            return self.table

    class OthersInView(Message):
        """Other rows can be seen, by a scroll or another size."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._columns: tuple[Column, ...] = ()
        self._widths: tuple[int, ...] = ()
        self._gap = GAP
        self._row: Row = lambda _row: ()
        self._drawn: dict[int, tuple[Cell, ...]] = {}
        """The cells of each row as they were drawn last."""
        self._shows_cursor = True
        """Not where somebody has scrolled it out of view: then nothing that comes pulls it back."""
        self.rows = 0

    def show(self, columns: tuple[Column, ...], rows: int, row: Row) -> None:
        """Show `rows` rows; the cursor stays where it is, as far as there is such a row."""
        is_alike = (columns, rows) == (self._columns, self.rows)
        self._columns, self.rows, self._row = columns, rows, row
        if not is_alike:
            self._measure()
        self.cursor = max(0, min(self.cursor, rows - 1))
        self._keep_in_view()
        if is_alike:
            self.draw_changed()
        else:
            self._drawn.clear()
            self.refresh()

    @property
    def in_view(self) -> range:
        """The rows that can be seen."""
        top = self.scroll_offset.y
        return range(top, max(top, min(top + self.size.height - 1, self.rows)))

    def draw_changed(self) -> None:
        """The rows in view that are not as they were drawn: a line drawn costs ten that are not."""
        for row in self.in_view:
            if not are_same(self._row(row), self._drawn.get(row)):
                self.refresh_line(row + 1)

    def on_resize(self, _event: Resize) -> None:
        self._measure()
        self._keep_in_view()
        self.post_message(self.OthersInView())

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._shows_cursor = self.cursor in self.in_view
        self.post_message(self.OthersInView())

    def _measure(self) -> None:
        width = self.scrollable_content_region.width
        self._gap = gap_for(self._columns, width)
        self._widths = share_out(self._columns, width)
        self.virtual_size = Size(width, self.rows + 1)

    def watch_cursor(self, before: int, cursor: int) -> None:
        self._reveal()
        for row in (before, cursor):
            self.refresh_line(row + 1)

    def _keep_in_view(self) -> None:
        """What the cursor is on, where it was in view."""
        if self._shows_cursor:
            self._reveal()

    def _reveal(self) -> None:
        """Scroll so that the cursor's row is between the header and the bottom.

        By force: the bar that tells Textual that there is something to scroll comes with the next
        layout.
        """
        visible_rows = max(1, self.scrollable_content_region.height - 1)
        top = min(self.scroll_offset.y, self.cursor)
        top = max(top, self.cursor - visible_rows + 1)
        self.scroll_to(y=top, animate=False, immediate=True, force=True)
        self._shows_cursor = True

    # Keys and the mouse

    def action_move(self, rows: int) -> None:
        self._go(self.cursor + rows)

    def action_aside(self, rows: int) -> None:
        self.action_move(rows)

    def check_action(self, action: str, _parameters: tuple[object, ...]) -> bool | None:
        return action != "aside" or not isinstance(self.screen, WithChart)

    def action_page(self, pages: int) -> None:
        self._go(self.cursor + pages * max(1, self.scrollable_content_region.height - 2))

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and 0 <= (row := offset.y - 1 + self.scroll_offset.y) < self.rows:
            self._go(row)

    def _go(self, row: int) -> None:
        if self.rows:
            self.cursor = max(0, min(row, self.rows - 1))
            self.post_message(self.Moved(self, self.cursor))

    # What is drawn

    def draw_line(self, y: int) -> Strip:
        row = y - 1 + self.scroll_offset.y
        cells: tuple[Cell, ...] = ()
        at_cursor = row == self.cursor
        if y == 0:
            cells, name = tuple(column.title for column in self._columns), "header"
        elif row >= self.rows:
            name = ""
        else:
            cells, name = self._row(row), self._style_name(row, at_cursor)
            self._drawn[row] = cells
        style = self.get_component_rich_style(f"line-table--{name}") if name else Style.null()
        mark = MARK if y and at_cursor else " "
        strip = Strip(self._segments(cells, mark, style) if cells else [])
        width = self.scrollable_content_region.width
        return strip.adjust_cell_length(width, style).apply_style(self.ground)

    def _style_name(self, row: int, at_cursor: bool) -> str:
        if at_cursor:
            return "cursor-focused" if self.has_focus else "cursor"
        return "" if row % 2 else "even"

    def _segments(self, cells: tuple[Cell, ...], mark: str, style: Style) -> list[Segment]:
        """The row: strings in one piece, since that is what a frame of a plain table costs."""
        segments, text = [], mark
        for cell, width, column in zip(cells, self._widths, self._columns, strict=True):
            if isinstance(cell, str):
                text += fit(cell, width, right=column.right, keep_end=column.keep_end)
                text += self._gap
                continue
            fitted = fit_content(cell, width, right=column.right).render_segments()
            segments += [Segment(text, style)]
            segments += [Segment(part.text, style + part.style) for part in fitted]
            text = self._gap
        return [*segments, Segment(text.removesuffix(self._gap), style)]


def are_same(cells: tuple[Cell, ...], drawn: tuple[Cell, ...] | None) -> bool:
    """Whether a row would be drawn as it was, styles included."""
    return drawn is not None and len(cells) == len(drawn) and all(map(_is_same, cells, drawn))


def _is_same(cell: Cell, drawn: Cell) -> bool:
    if isinstance(cell, Content) and isinstance(drawn, Content):
        return cell.is_same(drawn)
    return isinstance(cell, str) and isinstance(drawn, str) and cell == drawn


def least_width(columns: tuple[Column, ...], gap: str = GAP) -> int:
    """The cells that the columns take with the gaps between them."""
    return sum(column.width for column in columns) + len(gap) * (len(columns) - 1)


def gap_for(columns: tuple[Column, ...], width: int) -> str:
    """What stands between them beside the mark in `width` cells."""
    return GAP if len(MARK) + least_width(columns) <= width else NARROW_GAP


def share_out(columns: tuple[Column, ...], width: int) -> tuple[int, ...]:
    """The width of each column; what is left of `width` goes to those that take a share."""
    spare = max(0, width - len(MARK) - least_width(columns, gap_for(columns, width)))
    shares = sum(column.share for column in columns) or 1
    return tuple(column.width + spare * column.share // shares for column in columns)
