"""Text in terminal cells: a CJK character or an emoji takes two, a combining accent none."""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import TypeVar

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from tui_trainer.terminal_text import visible_token

EMPTY = "∅"
LONGEST, SHORTEST = 40, 4
"""Cells of a token in a sentence: where there is room, and where there is none."""
Fit = Callable[[str], str]
"""Gives as much of a text as there is room for."""
Line = TypeVar("Line", str, Content)
CARRIER = "◌"  # carries an accent that has no letter in its own token


@lru_cache(maxsize=16384)
def piece(text: str) -> str:
    """A token's text as a cell of a table or a strip; never empty and never without width."""
    shown = visible_token(text)
    if not shown:
        return EMPTY
    return CARRIER + shown if cell_len(shown[0]) == 0 else shown


def fit(text: str, width: int, *, right: bool = False, keep_end: bool = False) -> str:
    """`text` in exactly `width` cells: padded, or cut with an ellipsis last, or first."""
    length = cell_len(text)
    if length > width:
        if keep_end:
            return _end_of(text, width)
        return set_cell_size(set_cell_size(text, max(0, width - 1)) + "…", width)
    return " " * (width - length) + text if right else text + " " * (width - length)


def fit_content(content: Content, width: int, *, right: bool = False) -> Content:
    """As `fit`, and keeps the styles."""
    cut = content.truncate(width, ellipsis=True)
    room = max(0, width - cut.cell_length)
    return cut.pad_left(room) if right else cut.pad_right(room)


def token_cell(text: str, width: int) -> str:
    """A token in a column of `width` cells, cut with an ellipsis where it is longer."""
    shown = visible_token(text)
    if cell_len(shown) > width:
        shown = set_cell_size(shown, width - 1).rstrip() + "…"
    return set_cell_size(shown, width)


def shortened(line: Callable[[Fit], str], width: int) -> str:
    """A sentence in `width` cells: what it puts through the function it is given is cut to fit."""
    for cells in range(LONGEST, SHORTEST, -1):
        told = line(partial(_at_most, cells=cells))
        if cell_len(told) <= width:
            return told
    return line(partial(_at_most, cells=SHORTEST))


def first_fitting(lines: Sequence[Line], width: int) -> Line:
    """The first of the lines that has room in `width` cells; the last one where none has."""
    return next((line for line in lines if _cells(line) <= width), lines[-1])


def _cells(line: str | Content) -> int:
    return line.cell_length if isinstance(line, Content) else cell_len(line)


def fewer_parts(line: Content, between: str, more: str = "") -> list[Content]:
    """The line, then it with ever fewer of its parts, down to the first alone; `more` stands for
    those that are left out."""
    parts = line.split(between)
    rest = [Content(more)] if more else []
    counts = range(len(parts) - 1, 0, -1)
    fewer = [Content(between).join([*parts[:number], *rest]).rstrip() for number in counts]
    return [line, *fewer, parts[0].rstrip()]


def _at_most(text: str, cells: int) -> str:
    return text if cell_len(text) <= cells else fit(text, cells)


def _end_of(text: str, width: int) -> str:
    """The last `width` cells of a text that has more; an ellipsis stands for what is before."""
    end = text
    while cell_len(end) > max(0, width - 1):
        end = end[1:]
    return set_cell_size("…" + end, width)
