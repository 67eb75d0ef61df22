"""Columns for people: lined up by what a terminal shows, not by how many characters there are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

GAP = "  "


@dataclass(frozen=True)
class TextColumn:
    """A column's heading and how wide it is, in terminal cells; a longer cell is not cut."""

    heading: str
    width: int
    left: bool = False

    def pad(self, cell: str) -> str:
        space = " " * (self.width - cell_len(cell))
        return cell + space if self.left else space + cell


def heading(columns: Sequence[TextColumn]) -> str:
    return row(columns, [column.heading for column in columns])


def row(columns: Sequence[TextColumn], cells: Sequence[str]) -> str:
    """One line of a table whose rows come one by one, so that widths are known beforehand."""
    padded = [column.pad(cell) for column, cell in zip(columns, cells, strict=True)]
    return GAP.join(padded).rstrip(" ")


def table(columns: Sequence[TextColumn], rows: Iterable[Sequence[str]]) -> list[str]:
    """A whole table, each column as wide as its widest cell and at least its width."""
    rows = list(rows)
    fitted = [
        TextColumn(
            column.heading,
            max([column.width, cell_len(column.heading), *(cell_len(cells[n]) for cells in rows)]),
            column.left,
        )
        for n, column in enumerate(columns)
    ]
    return [heading(fitted), *(row(fitted, cells) for cells in rows)]
