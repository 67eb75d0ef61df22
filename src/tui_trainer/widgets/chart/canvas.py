"""Cells of text, each with the ink it is drawn in; a curve is dots of braille, 2 x 4 a cell."""

from collections.abc import Iterator, Sequence
from itertools import groupby

BLANK = 0x2800
BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Unicode's bit of the dot in a row and a column of a cell."""
DOTS_ACROSS, DOTS_DOWN = 2, 4
FRAME, RAW = "frame", "raw"


class Dots:
    """A grid of dots; a cell belongs to who drew in it last, and keeps the dots of both.

    Only what is `RAW` gives way: the line that is drawn before it stays as thin as it is.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.masks = [[0] * columns for _ in range(rows)]
        self.inks = [[""] * columns for _ in range(rows)]

    @property
    def width(self) -> int:
        return DOTS_ACROSS * self.columns

    @property
    def height(self) -> int:
        return DOTS_DOWN * self.rows

    def dot(self, x: int, y: int, ink: str) -> None:
        """Set the dot `x` from the left and `y` from the top."""
        column, row = x >> 1, y >> 2
        inks, masks = self.inks[row], self.masks[row]
        if inks[column] != ink:
            if inks[column] == RAW:
                masks[column] = 0
            inks[column] = ink
        masks[column] |= BITS[y & 3][x & 1]

    def line(self, start: tuple[int, int], end: tuple[int, int], ink: str, pattern: str) -> None:
        """A straight line; along it the columns that `pattern` has a blank for are left out."""
        (x, y), (to_x, to_y) = start, end
        steps = max(abs(to_x - x), abs(to_y - y), 1)
        across, down = (to_x - x) / steps, (to_y - y) / steps
        for n in range(steps + 1):
            at = round(x + n * across)
            if pattern[at % len(pattern)] != " ":
                self.dot(at, round(y + n * down), ink)


class Canvas:
    """What a chart is in the end: rows of cells, and the ink of each."""

    def __init__(self, lines: Sequence[str], width: int) -> None:
        self.cells = [list(line[:width].ljust(width)) for line in lines]
        self.inks = [[FRAME] * width for _ in lines]

    @property
    def lines(self) -> list[str]:
        return ["".join(row) for row in self.cells]

    def put(self, column: int, row: int, text: str, ink: str) -> None:
        """Write over what is there."""
        self.cells[row][column : column + len(text)] = text
        self.inks[row][column : column + len(text)] = [ink] * len(text)

    def lay(self, dots: Dots, left: int, top: int) -> None:
        """Write the dots, where there are any, into the cells from there on."""
        for y, (masks, inks) in enumerate(zip(dots.masks, dots.inks, strict=True), start=top):
            for x, mask in enumerate(masks):
                if mask:
                    self.cells[y][left + x] = chr(BLANK + mask)
                    self.inks[y][left + x] = inks[x]

    def pieces(self, row: int) -> Iterator[tuple[str, str]]:
        """A row's text in pieces of one ink each, and that ink."""
        inks, cells, start = self.inks[row], self.cells[row], 0
        for ink, same in groupby(inks):
            end = start + sum(1 for _ in same)
            yield "".join(cells[start:end]), ink
            start = end

    def changed(self, before: "Canvas") -> list[tuple[int, int, int]]:
        """The row, the first and the last column of what differs from a canvas of this size."""
        spans = []
        for row, cells in enumerate(self.cells):
            inks, old, old_inks = self.inks[row], before.cells[row], before.inks[row]
            if cells == old and inks == old_inks:
                continue
            differs = [
                column
                for column, cell in enumerate(cells)
                if cell != old[column] or inks[column] != old_inks[column]
            ]
            spans.append((row, differs[0], differs[-1]))
        return spans
