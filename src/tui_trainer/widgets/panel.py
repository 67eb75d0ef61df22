"""A part of a screen: what it is, its figure, and what is in it. Every part of every screen is one.

Below 110 columns it is a rule, with the figure at its right end, where it can be found again:

    ── loss ──────────────────────────── 2.31 → 0.42 nats ──

and from there on a box, with a hint at its lower right: its keys, its units, two cells apart. Those
that have no room are left out.

    ╭─ loss  2.31 → 0.42 nats ─────────────────────────────╮
    ╰───────────────────────────────────── w follow  + - ──╯

The line is `$data` where the focus is within, or where the class `-in-hand` says that the screen's
keys are about this panel; without colours it is a heavy one there.
"""

from typing import Self

from textual.containers import Container
from textual.content import Content
from textual.geometry import Region
from textual.reactive import var
from textual.style import Style
from textual.widget import Widget

from tui_trainer.widgets.cell_text import fewer_parts, first_fitting

Words = str | Content
"""Fit for a terminal (`terminal_text.visible`); a `Content` has styles such as `$better` in it."""
LEAST_TITLE = 3  # cells that a figure leaves of a title
PART, DOT = "  ", " · "
"""What stands between two parts of a hint: the one or the other."""
AROUND = 6
"""Cells of a panel's line that are never its words': a corner, the line and a gap at each end."""


class Panel(Container):
    """`with Panel(title="loss", id="..."):` around what is in it; set `figure` as it changes.

    `title`: one or two words, lower case. `figure`: what a glance wants, after the title; a string
    is drawn bold, a `Content` as it is. `hint`: keys and units, drawn from 110 columns on. As high
    as there is room (`1fr`) unless a stylesheet says otherwise, two rows more than what is in it
    with `height: auto` as a box, one as a rule. The class `flush` leaves out the padding of a cell
    at both sides: of a chart, which has a gutter. `ruled` is a rule at any width: of a part in a
    panel or a dialog.
    """

    title: var[Words] = var[Words]("")
    figure: var[Words] = var[Words]("")
    hint: var[Words] = var[Words]("")

    def __init__(
        self,
        *children: Widget,
        title: Words = "",
        figure: Words = "",
        hint: Words = "",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(*children, id=id, classes=classes)
        self.set_reactive(Panel.title, title)
        self.set_reactive(Panel.figure, figure)
        self.set_reactive(Panel.hint, hint)
        self._written: tuple[Content, Content] | None = None
        self._is_writing = False

    def watch_title(self) -> None:
        self._write()

    def watch_figure(self) -> None:
        self._write()

    def watch_hint(self) -> None:
        self._write()

    def on_resize(self) -> None:
        self._write()

    def notify_style_update(self) -> None:
        """The screen has another width, the theme other colours, or the focus came or went."""
        super().notify_style_update()
        if self.is_mounted:
            self._write()

    def _write(self) -> None:
        """Put the words into the line; nothing is drawn anew where they are the same."""
        title, figure = _content(self.title), _content(self.figure, "bold")
        is_box = self.styles.border_left[0] != ""
        top = _beside(title, figure) if is_box else self._rule(title, figure)
        written = top, _whole_hint(_content(self.hint), self.outer_size.width - AROUND)
        if self._written is None or not all(map(Content.is_same, written, self._written)):
            self._written = written
            self._is_writing = True
            self.border_title, self.border_subtitle = written
            self._is_writing = False

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Other words are a row or two: all that is in the panel would be drawn with them."""
        if self._is_writing:
            width, height = self.outer_size
            left, top = -self.content_offset
            rows = (0, height - 1) if self.styles.border_bottom[0] else (0,)
            regions = tuple(Region(left, top + row, width, 1) for row in rows)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _rule(self, title: Content, figure: Content) -> Content:
        """The whole line but a cell at each end: title, line, figure."""
        kind, colour = self.styles.border_top
        stroke = "━" if kind == "heavy" else "─"
        line = Style(foreground=colour)
        before, after = (stroke, line), (f" {stroke}" if figure else "", line)
        room = self.outer_size.width - 2 - len(stroke) - 1
        right = Content.assemble(" ", figure, after) if figure else Content("")
        left_room = max(LEAST_TITLE, room - right.cell_length - 1)
        if title.cell_length > left_room:
            title = title.truncate(left_room, ellipsis=True)
        named = Content.assemble(" ", title, " ") if title else Content("")
        gap = max(0, room + 1 - named.cell_length - right.cell_length)
        return Content.assemble(before, named, (stroke * gap, line), right)


def _whole_hint(hint: Content, room: int) -> Content:
    """As many parts of it as have room: none of them is cut."""
    if room <= 0:
        return hint
    between = DOT if DOT in hint.plain else PART
    return first_fitting([*fewer_parts(hint, between), Content("")], room)


def _content(words: Words, style: str = "") -> Content:
    return words if isinstance(words, Content) else Content.styled(words, style)


def _beside(title: Content, figure: Content) -> Content:
    return Content("  ").join(filter(None, (title, figure)))
