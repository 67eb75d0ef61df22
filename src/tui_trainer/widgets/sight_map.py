"""Who sees whom in a row, item by item: a line an item, a column each that it could see."""

from textual.content import Content
from textual.widgets import Static

from tui_trainer.reports.rows import BatchRow, Sight
from tui_trainer.words.rows import SEPARATOR, part_name

NONE, ITSELF, SOME, ALL = "·", "◣", "▒", "█"
LEGEND = Content.assemble(
    (ITSELF, "$data"),
    " itself, up to each token\n",
    (f"{ALL} {SOME}", "$attention"),
    f" another, all or a part\n{NONE} nothing",
)
LONGEST_NAME = 8


class SightMap(Static):
    """The map of one row, in the layers of one kind; the part at the cursor stands out."""

    DEFAULT_CSS = "SightMap { height: auto; width: auto; }"

    def show(self, row: BatchRow, at: int) -> None:
        """`at` is the part that the cursor is in."""
        self.update(draw_map(row, row.sights[0], at) if row.sights else Content(""))


def draw_map(row: BatchRow, sight: Sight, at: int) -> Content:
    """Lines of a name and a mark for each part, those of separators left out."""
    names = {n: part_name(row, n) for n in range(len(row.parts))}
    drawn = [n for n, name in names.items() if name != SEPARATOR]
    width = min(LONGEST_NAME, max(len(names[n]) for n in drawn))
    lines = [_line(row, sight, n, drawn, f"{names[n]:>{width}.{width}} ", n == at) for n in drawn]
    return Content("\n").join(lines)


def _line(
    row: BatchRow, sight: Sight, part: int, drawn: list[int], name: str, at_cursor: bool
) -> Content:
    style = "bold" if at_cursor else "" if row.parts[part].problem is not None else "$context"
    marks = [_mark(row, sight, part, other) for other in drawn]
    return Content.assemble((name, style), *marks)


def _mark(row: BatchRow, sight: Sight, part: int, other: int) -> tuple[str, str]:
    seen = sight.parts[part][other]
    if not seen:
        return NONE, "$context"
    if part == other:
        return ITSELF, "$data"
    whole = seen == row.parts[part].tokens * row.parts[other].tokens
    mine = row.parts[part].problem is not None and row.parts[other].problem is not None
    return (ALL if whole else SOME), "$attention" if mine else "$context"
