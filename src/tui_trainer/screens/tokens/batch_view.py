"""The lines of the text as one batch: IDs, mask, positions and labels, each [item, position]."""

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Static

from tui_trainer.reports.tokens import IGNORED, Batch, Token
from tui_trainer.screens.tokens.shown_text import BATCH, ShownText
from tui_trainer.screens.tokens.vocabulary_panel import Opened, VocabularyPanel
from tui_trainer.screens.tokens.words import hex_bytes
from tui_trainer.session.session import Session
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.cell_text import piece
from tui_trainer.widgets.id_grid import IdGrid
from tui_trainer.widgets.line_table import Column, LineTable
from tui_trainer.widgets.panel import Panel
from tui_trainer.words.numbers import counted, percent

ITEM_COLUMNS = (
    Column("#", 4, right=True),
    Column("token", 7, share=1),
    Column("ID", 6, right=True),
    Column("mask", 4, right=True),
    Column("pos", 4, right=True),
    Column("label", 6, right=True),
    Column("next", 7, share=1),
)
MOST_OF_VIEW, ABOUT_GRIDS = 0.6, 3
"""The part of the view that the grids' panel takes at most; its rows that are no grid's."""
LEAST_ROWS = 4
"""Of a grid: its head, and three items."""


class BatchView(Container):
    """Four grids with one cursor, and the item at it from top to bottom.

    Where there is no room for more, the grids of IDs and mask, and what stands at the cursor.
    """

    def __init__(self, session: Session, *, id: str) -> None:
        super().__init__(id=id)
        self.session = session
        self._shown: ShownText | None = None

    def compose(self) -> ComposeResult:
        with Panel(title="batch", hint="s side  n lines", id="batch-panel"):
            yield Static(id="shape")
            with Vertical(id="grids"):
                yield IdGrid("input_ids", id="input-ids")
                yield IdGrid("attention_mask", id="attention-mask")
                yield IdGrid("position_ids", id="position-ids")
                yield IdGrid("labels", id="labels")
        with Panel(title="item", id="cell-panel", classes="cell"):
            yield Static(id="cell-details", classes="details")
        with Container(id="at-cursor"):
            with Panel(title="item", id="item-panel"):
                yield self._item_table()
            yield VocabularyPanel(self.session, id=f"{self.id}-vocabulary")

    def _item_table(self) -> LineTable:
        table = LineTable(id="item")
        table.can_focus = False  # it follows the cursor of the grids
        return table

    def show(self, shown: ShownText) -> None:
        if shown.texts.batch is None:
            return
        self._shown = shown
        batch = shown.texts.batch
        items = tuple(
            visible(line, limit=40) or "(empty line)" for line in shown.asked.tokenize.items
        )
        numbers = batch.input_ids, batch.attention_mask, batch.position_ids, batch.labels
        digits = max(
            (len(str(n)) for grid in (numbers[0], numbers[-1]) for row in grid for n in row),
            default=1,
        )
        mask = batch.attention_mask
        counts = tuple(tuple(int(label != IGNORED) for label in row) for row in batch.labels)
        for grid, rows, used in zip(
            self.query(IdGrid), numbers, (mask, mask, mask, counts), strict=True
        ):
            grid.show(items, rows, used, digits)
        self.query_one("#shape", Static).update(Content(describe_batch(batch)))
        self.query_one("#batch-panel", Panel).figure = describe_filling(batch)
        self._describe(self.query_one("#input-ids", IdGrid).cursor)
        self._fit()

    def on_resize(self) -> None:
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """Two grids are read more easily than a few rows of four."""
        if self._shown is not None:
            rows = min(1 + len(self._shown.texts.items), LEAST_ROWS)
            self.set_class(self._rows_of_grids < len(self.query(IdGrid)) * rows, "-two")

    @property
    def _rows_of_grids(self) -> int:
        """How many there are at most, however many are shown."""
        if self.screen.has_class("-tall"):  # as high as they are, up to a part
            return int(self.size.height * MOST_OF_VIEW) - ABOUT_GRIDS
        return self.query_one("#grids").size.height

    def focus_list(self) -> None:
        self.query_one("#input-ids", IdGrid).focus()

    def _describe(self, cursor: tuple[int, int]) -> None:
        if self._shown is not None:
            title, details = describe_cell(self._shown, *cursor)
            self.query_one("#cell-panel", Panel).title = title
            self.query_one("#cell-details", Static).update(Content(details))
            if self._shown.asked.view == BATCH:
                self._open(self._shown, *cursor)

    def _open(self, shown: ShownText, item: int, position: int) -> None:
        """The item at the cursor, each position of it, and its token among its neighbours."""
        batch, table = shown.texts.batch, self.query_one("#item", LineTable)
        if batch is None or item >= batch.shape[0]:
            return
        self.query_one("#item-panel", Panel).title = f"item {item}"
        tokens = counted(sum(batch.attention_mask[item]), "token")
        self.query_one("#item-panel", Panel).figure = tokens
        table.show(ITEM_COLUMNS, batch.shape[1], lambda row: item_cells(shown, item, row))
        table.cursor = position
        if batch.shape[1]:
            self.post_message(Opened(batch.input_ids[item][position]))

    def on_id_grid_moved(self, event: IdGrid.Moved) -> None:
        event.stop()
        for grid in self.query(IdGrid):
            grid.cursor = event.cursor
        self._describe(event.cursor)

    def on_id_grid_scrolled(self, event: IdGrid.Scrolled) -> None:
        event.stop()
        for grid in self.query(IdGrid):
            if grid is not event.grid and grid.scroll_offset != (event.x, event.y):
                grid.scroll_to(event.x, event.y, animate=False, immediate=True)


def describe_lines(escapes: bool) -> str:
    """What of the text is an item."""
    if escapes:
        return "Each line is an item; \\n in it is a newline, \\t a tab (n: left as typed)."
    return "Each line is an item, as it is typed (n: \\n is a newline, \\t a tab)."


def describe_batch(batch: Batch) -> str:
    """The shape of each grid, and the padding."""
    return (
        f"shape {batch.shape} (batch, position) · padding {batch.padding_side} with ID "
        f"{batch.pad_id} {piece(batch.pad_text)}"
    )


def describe_filling(batch: Batch) -> str:
    """How much of the batch is text."""
    items, positions = batch.shape
    tokens = sum(map(sum, batch.attention_mask))
    share = tokens / (items * positions) if items and positions else 0.0
    return f"{tokens:,} of {counted(items * positions, 'position')} hold text ({percent(share)})"


def describe_cell(shown: ShownText, item: int, position: int) -> tuple[str, str]:
    """What stands at one place of all grids: where that is, and two lines."""
    batch = shown.texts.batch
    if batch is None or item >= batch.shape[0]:
        return "item", ""
    if not batch.shape[1]:
        return f"item {item}", "Every line is empty: there is no position to pad to."
    tokens = shown.texts.items[item].tokens
    where = f"item {item}, position {position}"
    given = f"ID {batch.input_ids[item][position]}"
    if batch.attention_mask[item][position]:
        padding = batch.shape[1] - len(tokens) if batch.padding_side == "left" else 0
        index = position - padding
        after = tokens[index + 1] if index + 1 < len(tokens) else None
        return where, f"{given} · {describe_real(tokens[index])}\n{describe_use(index, after)}"
    line = "the line is empty: padding alone" if not tokens else "padding"
    unused = f"mask 0: {line}; attention leaves it out · label {IGNORED}: it does not count"
    return where, f"{given} · {piece(batch.pad_text)}\n{unused}"


def item_cells(shown: ShownText, item: int, position: int) -> tuple[str, ...]:
    """One position of an item: what stands in each grid there, and the label's token."""
    batch = shown.texts.batch
    assert batch is not None
    tokens = shown.texts.items[item].tokens
    padding = batch.shape[1] - len(tokens) if batch.padding_side == "left" else 0
    numbers = batch.input_ids, batch.attention_mask, batch.position_ids, batch.labels
    token_id, mask, position_id, label = (grid[item][position] for grid in numbers)
    after = position - padding + 1
    return (
        str(position),
        piece(tokens[position - padding].text if mask else batch.pad_text),
        str(token_id),
        str(mask),
        str(position_id),
        str(label),
        "-" if label == IGNORED else piece(tokens[after].text),
    )


def describe_use(index: int, after: Token | None) -> str:
    """What training does with a token of the text: it sees it, and asks for the one after it."""
    seen = f"mask 1: a token of the text · position ID {index}"
    if after is None:
        return f"{seen} · label {IGNORED}: no next token"
    return f"{seen} · label {after.id}: {visible(piece(after.text), limit=24)} comes next"


def describe_real(token: Token) -> str:
    return f"{visible(piece(token.text), limit=24)} · bytes {hex_bytes(token.bytes, 10)}"
