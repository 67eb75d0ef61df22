"""What the terminal shows, cell by cell, so that only what differs is written to it.

Textual writes whole what a widget says is to be drawn anew, each piece of a line with all of its
colours: a row of a table for a number in it, all of a screen for the next one, which has the same
frame. Over a slow link a key waits for that.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count, groupby
from unicodedata import east_asian_width

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.style import Style
from textual.strip import Strip

from tui_trainer.terminal.pens import change, on_blank, read
from tui_trainer.terminal.sixteen import in_sixteen

Piece = tuple[int, int, Strip]
"""The column and the row that it begins at, and what is to be there."""
BRIDGE = 5
"""So many cells that are right already are written again sooner than passed over: as many bytes."""
LEAST_ERASED = 12
"""So many blanks are fewer bytes as one erasure and a move."""
NOWHERE = -BRIDGE - 1
"""Further left than anything can be a bridge from."""
UNKNOWN = "\0"
"""In a cell of which nobody knows what the terminal shows."""


class Painted:
    """A terminal of `width` x `height` cells, of which nothing is known at first.

    `erases`: it can make many cells blank at once, in the ground of the pen.
    """

    def __init__(self, width: int, height: int, *, erases: bool = False) -> None:
        self.size = width, height
        self._erases = erases
        self._cells = [[UNKNOWN] * width for _ in range(height)]
        self._pens = [[""] * width for _ in range(height)]
        self._doubtful: set[int] = set()
        """Rows with a sign that a terminal may draw wider, or narrower, than it should."""
        self._pen = ""

    def paint(self, pieces: Iterable[Piece], colours: ColorSystem) -> str:
        """What to write so that the terminal shows `pieces`; it is taken as written."""
        self._pen = ""
        stretches = stretches_of(pieces, colours)
        written = "".join(text for stretch in stretches for text in self._paint(stretch))
        return written + change(self._pen, "")

    def _paint(self, stretch: "Stretch") -> Iterator[str]:
        y, x = stretch.y, stretch.x
        room = max(0, self.size[0] - x) if y < self.size[1] else 0
        cells, pens = stretch.cells[:room], stretch.pens[:room]
        if not cells:
            return
        end, row, row_pens = x + len(cells), self._cells[y], self._pens[y]
        if row[x:end] == cells and row_pens[x:end] == pens:
            return
        is_sure = stretch.is_sure and y not in self._doubtful
        spans = self._spans(x, y, cells, pens) if is_sure else [(x, end)]
        row[x:end], row_pens[x:end] = cells, pens
        self._doubt(y, stretch.is_sure)
        at = spans[0][0]
        yield f"\x1b[{y + 1};{at + 1}H"
        for first, last in spans:
            if first > at:
                yield f"\x1b[{first - at}C"
            yield from self._write(row[first:last], row_pens[first:last])
            at = last

    def _spans(
        self, x: int, y: int, cells: Sequence[str], pens: Sequence[str]
    ) -> list[tuple[int, int]]:
        """Where the row differs: from a cell to before another."""
        end = x + len(cells)
        before = zip(self._cells[y][x:end], self._pens[y][x:end], strict=True)
        spans: list[tuple[int, int]] = []
        first = last = NOWHERE
        for at, shown, wanted in zip(count(x), before, zip(cells, pens, strict=True)):
            if shown == wanted:
                continue
            if at != last and not (
                at - last <= BRIDGE and is_bridge(last - x, at - x, cells, pens)
            ):
                spans.append((first, last))
                first = at
            last = at + 1
        return [*spans[1:], (first, last)]

    def _doubt(self, y: int, sure: bool) -> None:
        if not sure:
            self._doubtful.add(y)
        elif y in self._doubtful and all(map(is_sure, self._cells[y])):
            self._doubtful.discard(y)

    def _write(self, cells: Sequence[str], pens: Sequence[str]) -> Iterator[str]:
        at = 0
        for pen, same in groupby(pens):
            end = at + sum(1 for _ in same)
            run, at = cells[at:end], end
            is_blank = run.count(" ") == len(run)
            if not looks_same(" " if is_blank else "", pen, self._pen):
                yield change(self._pen, pen)
                self._pen = pen
            if is_blank and self._erases and len(run) >= LEAST_ERASED and not read(pen).attributes:
                yield f"\x1b[{len(run)}X\x1b[{len(run)}C"
            else:
                yield "".join(run)


def looks_same(cell: str, pen: str, held: str) -> bool:
    """Whether a cell looks the same with the pen that is held as with its own."""
    return pen == held or (cell == " " and pen == on_blank(held))


def is_bridge(first: int, last: int, cells: Sequence[str], pens: Sequence[str]) -> bool:
    """Whether the cells between two that differ take no other pen."""
    held = pens[first - 1]
    return all(looks_same(cells[at], pens[at], held) for at in range(first, last))


@dataclass
class Stretch:
    """Pieces of a row that follow one another."""

    x: int
    y: int
    cells: list[str] = field(default_factory=list)
    """What is in each cell; in the second one of a wide sign there is ""."""
    pens: list[str] = field(default_factory=list)
    is_sure: bool = True
    """Whether every terminal has its signs as wide as it should."""

    def add(self, strip: Strip, colours: ColorSystem) -> None:
        for text, style, control in strip:
            if control:
                continue
            signs, are_sure = signs_of(text)
            pen = "" if style is None else pen_of(style, colours)
            self.cells += signs
            self.pens += pens_of(signs, pen)
            self.is_sure = self.is_sure and are_sure


def pen_of(style: Style, colours: ColorSystem) -> str:
    if colours is ColorSystem.STANDARD:
        style = in_sixteen(style)
    return Strip.render_ansi(style, colours) if style._ansi is None else style._ansi


def stretches_of(pieces: Iterable[Piece], colours: ColorSystem) -> Iterator[Stretch]:
    """A row is one stretch where its pieces are side by side: one move of the cursor."""
    stretch: Stretch | None = None
    for x, y, strip in pieces:
        if stretch is None or y != stretch.y or x != stretch.x + len(stretch.cells):
            if stretch is not None:
                yield stretch
            stretch = Stretch(x, y)
        stretch.add(strip, colours)
    if stretch is not None:
        yield stretch


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
