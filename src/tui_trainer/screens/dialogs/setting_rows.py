"""All settings of a form, drawn by one widget: thirty with a widget each took half a second."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, repeat
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Click, Key
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui_trainer.screens.dialogs.setting_row import SettingRow
from tui_trainer.widgets.cell_text import fit
from tui_trainer.widgets.chooser import CHOOSE, beginning_with, neighbour, word_at
from tui_trainer.widgets.text_box import LineBox, one_cell

NAME, CHOICE, NOTE = 20, 27, 13
"""Cells of the name, of a choice or a number, and of the note beside a long text."""
TWO_COLUMNS = 100
"""Cells from which there are two: each has room for a name, a choice and a note."""
ONE_COLUMN = 14
"""So many lines are in one column at any width: its notes have more room than those of two."""
GAP = 2
"""Cells between the columns."""
PARTS = "rule", "group", "name", "note", "word", "chosen", "differs", "refused"
Line = str | SettingRow
"""The heading of a group, or a setting."""
Groups = Mapping[str, Sequence[SettingRow]]


class SettingRows(Widget, can_focus=True):
    """The groups with their settings, in one column or two; what is typed goes to the one in hand.

    That one has a text box over it, or its words are chosen with the keys of a `Chooser`.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"setting-rows--{part}"
        for part in (*PARTS, *(f"{part}-in-hand" for part in PARTS), "in-hand")
    }
    BINDINGS: ClassVar[list[BindingType]] = [*CHOOSE]

    @dataclass
    class Changed(Message):
        """Something else was typed or chosen, or the same word again."""

        row: SettingRow

    @dataclass
    class Taken(Message):
        """A setting was taken in hand."""

        row: SettingRow

    def __init__(self, groups: Groups) -> None:
        super().__init__()
        self._groups = groups
        self.preset = ""
        """Whose values the notes are: their heading."""
        self._query = ""
        self._columns: tuple[list[Line], ...] = ()
        self._editor = LineBox("", id="typed")
        self.in_hand: SettingRow | None = None
        self._lay_out(0)

    def compose(self) -> ComposeResult:
        yield self._editor

    def on_mount(self) -> None:
        self.watch(self._editor, "value", self._type, init=False)

    # Where each is

    def _lay_out(self, width: int) -> None:
        left, right = two_columns(self._groups)
        lines = sum(len(rows) + 1 for rows in self._groups.values())
        wants_two = width >= TWO_COLUMNS and right and lines > ONE_COLUMN
        columns = (left, right) if wants_two else ((*left, *right),)
        self._columns = tuple(list(self._lines(names)) for names in columns)

    def _lines(self, names: Iterable[str]) -> Iterable[Line]:
        for name in names:
            if rows := [row for row in self._groups[name] if row.is_about(self._query)]:
                yield name
                yield from rows

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        self._lay_out(width)
        return max(map(len, self._columns))

    def on_resize(self) -> None:
        self._lay_out(self.size.width)
        if (row := self.in_hand) is not None:
            if not row.words:
                self._put_editor(row)
            self._reveal(row)

    @property
    def shown(self) -> list[SettingRow]:
        """The settings that the search leaves, as they stand on the form."""
        return [line for column in self._columns for line in column if isinstance(line, SettingRow)]

    def show_about(self, query: str) -> None:
        """Those about all of its words; a group of which none is left goes too."""
        self._query = query
        self._lay_out(self.size.width)
        self.refresh(layout=True)

    @property
    def _width(self) -> int:
        """Cells from one column to the next."""
        return (self.size.width + GAP) // len(self._columns)

    def region_of(self, line: Line) -> Region:
        """Its cells within the widget; none where the search hides it."""
        for number, column in enumerate(self._columns):
            if line in column:
                return Region(number * self._width, column.index(line), self._width - GAP, 1)
        return Region()

    # What is in hand

    def take_in_hand(self, row: SettingRow) -> None:
        """Keys are for this setting from now on."""
        before, self.in_hand = self.in_hand, row
        if not row.words:
            self._put_editor(row)
        self.screen.set_focus(self if row.words else self._editor, scroll_visible=False)
        self._editor.select_all()
        self._editor.display = not row.words
        self.redraw(before)
        self.redraw(row)
        self._reveal(row)
        self.post_message(self.Taken(row))

    def leave(self) -> None:
        """Keys are for something else."""
        before, self.in_hand = self.in_hand, None
        self._editor.display = False
        self.redraw(before)

    def _put_editor(self, row: SettingRow) -> None:
        """Over what it types into."""
        region, editor = self.region_of(row), self._editor
        editor.value = row.typed
        editor.styles.offset = region.x + NAME, region.y
        editor.styles.width = self._room(region.width) if row.is_long else CHOICE - 1
        editor.display = True

    def _reveal(self, row: SettingRow) -> None:
        """Scroll what the rows are in to it, and to the heading of its group if both fit."""
        region, scrolled = self.region_of(row), self.parent
        assert isinstance(scrolled, Widget)
        group = self.region_of(row.field.group).union(region)
        whole = group if group.height <= scrolled.size.height else region
        scrolled.scroll_to_region(whole, animate=False, immediate=True, force=True)

    def redraw(self, row: SettingRow | None) -> None:
        """It, and the heading of its group, which is that in hand or was it."""
        if row is not None:
            self.refresh(self.region_of(row), self.region_of(row.field.group))

    # Typing and choosing

    def put(self, row: SettingRow, value: str) -> None:
        """Another value, as it is typed."""
        row.take(value)
        if row is self.in_hand and not row.words:
            self._editor.value = row.typed
        self.post_message(self.Changed(row))

    def fill(self, values: Mapping[str, str]) -> None:
        """Other values, by the names of their settings."""
        for rows in self._groups.values():
            for row in rows:
                row.take(values[row.field.name])
        if self.in_hand is not None:
            self._editor.value = self.in_hand.typed
        self.refresh()

    def _type(self, value: str) -> None:
        """In the text box, which is over the row in hand."""
        if self.in_hand is not None and value != self.in_hand.typed and not self.in_hand.words:
            self.put(self.in_hand, value)

    def action_choose(self, by: int) -> None:
        if self.in_hand is not None and self.in_hand.words:
            self.put(self.in_hand, neighbour(self.in_hand.words, self.in_hand.value, by))

    def on_key(self, event: Key) -> None:
        row, letter = self.in_hand, event.character if event.is_printable else None
        if row is None or not row.words or not letter:
            return
        if (word := beginning_with(row.words, row.value, letter)) is not None:
            event.stop()
            self.put(row, word)

    def on_click(self, event: Click) -> None:
        """To the setting under the pointer, and its word there."""
        number = min(event.x // self._width, len(self._columns) - 1)
        column = self._columns[number]
        row = column[event.y] if event.y < len(column) else None
        if isinstance(row, SettingRow):
            self.take_in_hand(row)
            word = word_at(row.words, event.x - number * self._width - NAME)
            if word is not None:
                self.put(row, word)

    # What is drawn

    def render_line(self, y: int) -> Strip:
        width = self._width - GAP
        parts = [
            self._draw(column[y] if y < len(column) else "", width, y).adjust_cell_length(width)
            for column in self._columns
        ]
        between = Strip([Segment(" " * GAP)])
        line = Strip.join([part for both in zip(parts, repeat(between)) for part in both])
        return line.adjust_cell_length(self.size.width).apply_style(self.rich_style)

    def _draw(self, line: Line, width: int, y: int) -> Strip:
        if isinstance(line, SettingRow):
            return self._draw_row(line, width)
        beside = "" if y else self.preset
        return self._draw_heading(line, beside, width) if line else Strip([])

    def _draw_heading(self, name: str, beside: str, width: int) -> Strip:
        """The name of a group, and over the notes what they are."""
        in_hand = "-in-hand" if self.in_hand and self.in_hand.field.group == name else ""
        rule = self._ink(f"rule{in_hand}")
        group, note = self._ink(f"group{in_hand}"), self._ink("note")
        before = "─" * (NAME + CHOICE - len(name) - 5)
        words = Segment(f" {beside} " if beside else "──", note if beside else rule)
        rest = "─" * max(0, width - NAME - CHOICE - words.cell_length + 1)
        lines = Segment("──", rule), Segment(f" {name} ", group), Segment(before, rule)
        return Strip([*lines, words, Segment(rest, rule)])

    def _draw_row(self, row: SettingRow, width: int) -> Strip:
        in_hand = "-in-hand" if row is self.in_hand else ""
        state = "refused" if row.refused else "differs" if row.differs else ""
        values = self._draw_words(row, in_hand) if row.words else [self._draw_typed(row, width)]
        room = max(0, width - NAME - sum(segment.cell_length for segment in values))
        name = Segment(fit(row.label, NAME), self._ink(state or f"name{in_hand}"))
        strip = Strip([name, *values, Segment(fit(row.note, room), self._ink(state or "note"))])
        return strip.apply_style(self._ground) if in_hand else strip

    @property
    def _ground(self) -> Style:
        return self.get_component_rich_style("setting-rows--in-hand")

    def _draw_words(self, row: SettingRow, in_hand: str) -> list[Segment]:
        chosen, other = self._ink(f"chosen{in_hand}"), self._ink("word")
        words = [
            Segment(f"[{word}]", chosen) if word == row.value else Segment(f" {word} ", other)
            for word in row.words
        ]
        rest = CHOICE - sum(segment.cell_length for segment in words)
        return [*words, Segment(" " * rest)]

    def _draw_typed(self, row: SettingRow, width: int) -> Segment:
        typed = "".join(map(one_cell, row.typed))
        needs_more = row.is_long and (row is self.in_hand or cell_len(typed) >= CHOICE)
        return Segment(fit(typed, self._room(width) if needs_more else CHOICE))

    @staticmethod
    def _room(width: int) -> int:
        """Cells of a long text: at least those of a number, whose notes it has its own among."""
        return max(CHOICE, width - NAME - NOTE)

    def _ink(self, part: str) -> Style:
        return self.get_component_rich_style(f"setting-rows--{part}", partial=True)


def two_columns(groups: Mapping[str, Sequence[object]]) -> tuple[list[str], list[str]]:
    """The names of the groups in two columns that are as high as one another as can be."""
    names = list(groups)
    heights = list(accumulate(len(groups[name]) + 1 for name in names))
    split = min(range(len(names)), key=lambda n: max(heights[n], heights[-1] - heights[n])) + 1
    return names[:split], names[split:]
