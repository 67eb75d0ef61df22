"""What the model predicts at each position, before an update and after it."""

from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual.widgets import DataTable

from tui_trainer.reports.predictions import Candidate, Position, Prediction
from tui_trainer.terminal_text import visible_token
from tui_trainer.words.numbers import probability

TOKEN_WIDTH = 11
WIDTHS = {
    "#": 4,
    "token": TOKEN_WIDTH,
    "next": TOKEN_WIDTH,
    "p of next": 16,
    "most likely": 2 * TOKEN_WIDTH + 5,
}


def token_cell(text: str, width: int = TOKEN_WIDTH) -> str:
    """A token in a column of `width` cells, cut with an ellipsis where it is longer."""
    shown = visible_token(text)
    if cell_len(shown) > width:
        shown = set_cell_size(shown, width - 1).rstrip() + "…"
    return set_cell_size(shown, width)


class PredictionTable(DataTable[Text]):
    """A row a position; `show` changes the cells that changed, so that the cursor stays."""

    COLUMNS: ClassVar[tuple[str, ...]] = tuple(WIDTHS)

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, cursor_type="row", zebra_stripes=True, cell_padding=1)
        self._rows: list[tuple[str, ...]] = []
        self._ids: tuple[int, ...] = ()

    def on_mount(self) -> None:
        for name, width in WIDTHS.items():
            self.add_column(Text(name), key=name, width=width)

    def show(self, before: Prediction | None, after: Prediction) -> None:
        """Show `after`; beside it `before` where there is one of the same tokens."""
        ids = tuple(position.id for position in after.positions)
        same = before is not None and len(before.positions) == len(ids)
        earlier = before.positions if before is not None and same else (None,) * len(ids)
        rows = [
            describe_position(old, new) for old, new in zip(earlier, after.positions, strict=True)
        ]
        if ids != self._ids:
            self._ids = ids
            self.clear()
            for index, row in enumerate(rows):
                self.add_row(*(Text(cell) for cell in row), key=str(index))
        else:
            self._change(rows)
        self._rows = rows

    def _change(self, rows: list[tuple[str, ...]]) -> None:
        for index, (shown, row) in enumerate(zip(self._rows, rows, strict=True)):
            for column, old, new in zip(self.COLUMNS, shown, row, strict=True):
                if old != new:
                    self.update_cell(str(index), column, Text(new), update_width=False)


def describe_position(before: Position | None, after: Position) -> tuple[str, ...]:
    """The cells of one row, as wide as their columns."""
    return (
        f"{after.index:>4}",
        token_cell(after.text),
        token_cell(after.expected.text) if after.expected else "—",
        _expected_p(before, after),
        _most_likely(before, after),
    )


def _expected_p(before: Position | None, after: Position) -> str:
    if after.expected is None:
        return ""
    now = probability(after.expected.p)
    if before is None or before.expected is None:
        return " " * 9 + now
    arrow = "↗" if after.expected.p > before.expected.p else "↘"
    return f"{probability(before.expected.p)} {arrow} {now}"


def _most_likely(before: Position | None, after: Position) -> str:
    now = _guess(after.top[0], after)
    if before is None:
        return now
    return f"{token_cell(before.top[0].text)} → {now}"


def _guess(guess: Candidate, position: Position) -> str:
    """A tick marks the token that really comes next."""
    right = position.expected is not None and guess.id == position.expected.id
    return token_cell(guess.text) + (" ✓" if right else "  ")
