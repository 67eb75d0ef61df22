"""What the terminal shows, cell by cell, so that only what differs is written to it.

Textual writes whole what a widget says is to be drawn anew, each piece of a line with all of its
colours: a row of a table for a number in it, all of a screen for the next one, which has the same
frame. Over a slow link a key waits for that.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from unicodedata import east_asian_width

from rich.cells import cell_len
from rich.color import ColorSystem
from textual.strip import Strip

from tui_trainer.terminal.pens import change, on_blank

Piece = tuple[int, int, Strip]
"""The column and the row that it begins at, and what is to be there."""
BRIDGE = 4
"""So many cells that are right already are written again sooner than passed over: as many bytes."""
UNKNOWN = "\0"
"""In a cell of which nobody knows what the terminal shows."""


class Painted:
    """A terminal of `width` x `height` cells, of which nothing is known at first."""

    def __init__(self, width: int, height: int) -> None:
        self.size = width, height
        self._cells = [[UNKNOWN] * width for _ in range(height)]
        self._pens = [[""] * width for _ in range(height)]
        self._doubtful: set[int] = set()
        """Rows with a sign that a terminal may draw wider, or narrower, than it should."""
        self._pen = ""

    def paint(self, pieces: Iterable[Piece], colours: ColorSystem) -> str:
        """What to write so that the terminal shows `pieces`; it is taken as written."""
        self._pen = ""
        written = "".join(text for piece in pieces for text in self._paint(*piece, colours))
        return written + change(self._pen, "")

    def _paint(self, x: int, y: int, strip: Strip, colours: ColorSystem) -> Iterator[str]:
        if not 0 <= y < self.size[1]:
            return
        cells, pens, sure = cells_of(strip, colours)
        room = max(0, self.size[0] - x)
        cells, pens = cells[:room], pens[:room]
        end = x + len(cells)
        row, row_pens = self._cells[y], self._pens[y]
        if row[x:end] == cells and row_pens[x:end] == pens:
            return
        spans = self._spans(x, y, cells, pens) if sure and y not in self._doubtful else [(x, end)]
        row[x:end], row_pens[x:end] = cells, pens
        self._doubt(y, sure)
        yield f"\x1b[{y + 1};{spans[0][0] + 1}H"
        for number, (first, last) in enumerate(spans):
            if number:
                yield f"\x1b[{first + 1}G"
            yield from self._write(row[first:last], row_pens[first:last])

    def _spans(
        self, x: int, y: int, cells: Sequence[str], pens: Sequence[str]
    ) -> list[tuple[int, int]]:
        """Where the row differs: from a cell to before another."""
        row, row_pens = self._cells[y], self._pens[y]
        spans: list[tuple[int, int]] = []
        for at, (cell, pen) in enumerate(zip(cells, pens, strict=True), x):
            if row[at] == cell and row_pens[at] == pen:
                continue
            if (
                spans
                and at - spans[-1][1] <= BRIDGE
                and self._same_pen(spans[-1][1] - x, at - x, pens)
            ):
                spans[-1] = spans[-1][0], at + 1
            else:
                spans.append((at, at + 1))
        return spans

    @staticmethod
    def _same_pen(first: int, last: int, pens: Sequence[str]) -> bool:
        return all(pen == pens[first - 1] for pen in pens[first:last])

    def _doubt(self, y: int, sure: bool) -> None:
        if not sure:
            self._doubtful.add(y)
        elif y in self._doubtful and all(map(is_sure, self._cells[y])):
            self._doubtful.discard(y)

    def _write(self, cells: Sequence[str], pens: Sequence[str]) -> Iterator[str]:
        for cell, pen in zip(cells, pens, strict=True):
            if pen != self._pen and not (cell == " " and pen == on_blank(self._pen)):
                yield change(self._pen, pen)
                self._pen = pen
            yield cell


def cells_of(strip: Strip, colours: ColorSystem) -> tuple[list[str], list[str], bool]:
    """What is in each cell of a strip, the pen of each, and whether every terminal has it so.

    The second cell of a wide sign has "" in it.
    """
    cells: list[str] = []
    pens: list[str] = []
    sure = True
    for text, style, control in strip:
        if control:
            continue
        signs, are_sure = signs_of(text)
        pen = ""
        if style is not None:
            pen = style._ansi if style._ansi is not None else Strip.render_ansi(style, colours)
        cells += signs
        pens += pens_of(signs, pen)
        sure = sure and are_sure
    return cells, pens, sure


@lru_cache(maxsize=8192)
def pens_of(signs: tuple[str, ...], pen: str) -> tuple[str, ...]:
    """A blank has what is seen of its pen, so that another one unseen is no difference."""
    blank = on_blank(pen)
    return tuple(blank if sign == " " else pen for sign in signs)


@lru_cache(maxsize=8192)
def signs_of(text: str) -> tuple[tuple[str, ...], bool]:
    """The signs of a text, one a cell, with what is drawn over each; and whether all are sure."""
    if text.isascii():
        return tuple(text), True
    signs: list[str] = []
    for character in text:
        width = cell_len(character)
        if width == 0 and signs:
            signs[-1] += character
        else:
            signs += [character, *[""] * (width - 1)]
    return tuple(signs), all(map(is_sure, signs))


@lru_cache(maxsize=8192)
def is_sure(sign: str) -> bool:
    """Whether every terminal draws it in one cell: neither wide, nor one sign of several."""
    return len(sign) == 1 and cell_len(sign) == 1 and east_asian_width(sign) not in "WF"
