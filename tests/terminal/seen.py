"""What can be seen on a terminal, cell by cell."""

import re

import pyte

UNSEEN_ON_BLANKS = ("fg", "bold", "italics")


def cells(screen: pyte.Screen) -> list[list[tuple[object, ...]]]:
    """What can be seen of each cell: of a blank neither the colour of letters nor bold."""
    rows = []
    for y in range(screen.lines):
        row = []
        for x in range(screen.columns):
            one = screen.buffer[y][x]
            is_blank = one.data == " " and not (one.reverse or one.underscore or one.strikethrough)
            unseen = dict.fromkeys(UNSEEN_ON_BLANKS, "") if is_blank else {}
            row.append(tuple((one._asdict() | unseen).values()))
        rows.append(row)
    return rows


def steps_made(shown: str) -> int:
    """The updates that the status line counts."""
    match = re.search(r"unsaved: ([\d,]+) update", shown)
    return int(match[1].replace(",", "")) if match else 0
