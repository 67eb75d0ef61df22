"""A grid of whole numbers, [item, position]: input_ids, its attention mask, its labels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.events import Click
from textual.geometry import Region, Size, Spacing
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tui_trainer.widgets.cell_text import fit
from tui_trainer.widgets.keys import MOVE, key
from tui_trainer.widgets.selectable_lines import SelectableLines

GUTTER = 18  # cells for the number and the text of an item
FAR = 1_000_000_000
BEFORE, AFTER = "←", "→"
"""There are more positions on that side."""
Numbers = Sequence[Sequence[int]]


class IdGrid(SelectableLines, can_focus=True):
    """Positions across, items down; the heads of both stay when the rest scrolls.

    The cell at the cursor stands in brackets; padding is dim. The grids of one batch keep the
    same cursor and the same scroll offset: whoever holds them passes `Moved` and `Scrolled` on.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "id-grid--header",
        "id-grid--token",
        "id-grid--pad",
        "id-grid--cursor",
        "id-grid--cursor-focused",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        key("up", "move(-1, 0)", "item above", "The item above", MOVE, id="item-above"),
        key("down", "move(1, 0)", "item below", "The item below", MOVE, id="item-below"),
        key("left", "move(0, -1)", "position before", "The position before", MOVE, id="before-it"),
        key("right", "move(0, 1)", "position after", "The position after", MOVE, id="after-it"),
        key("pageup", "move(-10, 0)", "items up", "Ten items up", MOVE, id="items-up"),
        key("pagedown", "move(10, 0)", "items down", "Ten items down", MOVE, id="items-down"),
        key(
            "home", f"move(0, -{FAR})", "first position", "The first position", MOVE, id="first-id"
        ),
        key("end", f"move(0, {FAR})", "last position", "The last position", MOVE, id="last-id"),
    ]

    cursor: reactive[tuple[int, int]] = reactive((0, 0))
    """Item and position."""

    @dataclass
    class Moved(Message):
        """The user moved the cursor."""

        grid: "IdGrid"
        cursor: tuple[int, int]

    @dataclass
    class Scrolled(Message):
        """The grid shows another part."""

        grid: "IdGrid"
        x: int
        y: int

    def __init__(self, title: str, *, id: str) -> None:
        super().__init__(id=id)
        self._title = title
        self._items: tuple[str, ...] = ()
        self._numbers: Numbers = ()
        self._mask: Numbers = ()
        self._cell = 3

    @property
    def positions(self) -> int:
        return len(self._numbers[0]) if self._numbers else 0

    def show(self, items: tuple[str, ...], numbers: Numbers, mask: Numbers, digits: int) -> None:
        """Show `numbers` beside the `items`' texts; `digits` wide, dim where `mask` is 0."""
        before = self._items, self._numbers, self._mask, self._cell
        self._items, self._numbers, self._mask = items, numbers, mask
        self._cell = max(digits, len(str(self.positions))) + 2
        if before == (items, numbers, mask, self._cell):
            return
        self.virtual_size = Size(GUTTER + self.positions * self._cell, len(numbers) + 1)
        item, position = self.cursor
        self.cursor = self._clamp(item, position)
        self._reveal()
        self.refresh()

    def on_resize(self) -> None:
        self._reveal()

    def _clamp(self, item: int, position: int) -> tuple[int, int]:
        return (
            max(0, min(item, len(self._numbers) - 1)),
            max(0, min(position, self.positions - 1)),
        )

    def watch_cursor(self) -> None:
        self._reveal()
        self.refresh()

    def _reveal(self) -> None:
        item, position = self.cursor
        cell = Region(GUTTER + position * self._cell, item + 1, self._cell, 1)
        self.scroll_to_region(cell, spacing=Spacing(1, 0, 0, GUTTER), animate=False, immediate=True)

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_x(old_value, new_value)
        self.post_message(self.Scrolled(self, *self.scroll_offset))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Scrolled(self, *self.scroll_offset))

    # Keys and the mouse

    def action_move(self, items: int, positions: int) -> None:
        item, position = self.cursor
        self._go(item + items, position + positions)

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and offset.y > 0 and offset.x >= GUTTER:
            x = offset.x + self.scroll_offset.x - GUTTER
            self._go(offset.y - 1 + self.scroll_offset.y, x // self._cell)

    def _go(self, item: int, position: int) -> None:
        if self.positions:
            self.cursor = self._clamp(item, position)
            self.post_message(self.Moved(self, self.cursor))

    # What is drawn

    def draw_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        item = y - 1 + self.scroll_offset.y
        if y and item >= len(self._numbers):
            return Strip.blank(width, self.ground)
        head = self._title if y == 0 else f"{item:>3} {self._items[item]}"
        head_style = self.get_component_rich_style("id-grid--header")
        before = BEFORE if y == 0 and self.scroll_offset.x else " "
        gutter = Strip([Segment(fit(head, GUTTER - 1) + before, head_style)], GUTTER)
        cells = self._positions_line() if y == 0 else self._item_line(item)
        first = self.scroll_offset.x // self._cell
        start = self.scroll_offset.x - first * self._cell
        body = Strip(cells).crop(start, start + max(0, width - GUTTER))
        fill = head_style if y == 0 else None
        line = Strip.join([gutter, body]).adjust_cell_length(width, fill)
        if y == 0 and GUTTER < width < self.virtual_size.width - self.scroll_offset.x:
            line = Strip.join([line.crop(0, width - 1), Strip([Segment(AFTER, head_style)], 1)])
        return line.apply_style(self.ground)

    def _shown_positions(self) -> range:
        """The positions of which at least a part is in view."""
        first = self.scroll_offset.x // self._cell
        count = self.scrollable_content_region.width // self._cell + 2
        return range(first, min(self.positions, first + count))

    def _positions_line(self) -> Iterable[Segment]:
        style = self.get_component_rich_style("id-grid--header")
        for position in self._shown_positions():
            yield Segment(f"{position:>{self._cell - 1}} ", style)

    def _item_line(self, item: int) -> Iterable[Segment]:
        for position in self._shown_positions():
            number = f"{self._numbers[item][position]:>{self._cell - 2}}"
            at_cursor = (item, position) == self.cursor
            cell = f"[{number}]" if at_cursor else f" {number} "
            yield Segment(cell, self._style(item, position, at_cursor))

    def _style(self, item: int, position: int, at_cursor: bool) -> Style:
        if at_cursor:
            name = "cursor-focused" if self.has_focus else "cursor"
        else:
            name = "token" if self._mask[item][position] else "pad"
        return self.get_component_rich_style(f"id-grid--{name}")
