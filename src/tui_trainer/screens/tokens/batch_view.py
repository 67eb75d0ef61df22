"""The lines of the text as one batch: input_ids and attention_mask, [item, position]."""

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static

from tui_trainer.reports.tokens import Batch, Token
from tui_trainer.screens.tokens.shown_text import ShownText
from tui_trainer.screens.tokens.words import hex_bytes
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.cell_text import piece
from tui_trainer.widgets.id_grid import IdGrid
from tui_trainer.words.numbers import counted, percent


class BatchView(Container):
    """Two grids with one cursor."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._shown: ShownText | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="item-lines", classes="hint")
        yield IdGrid("input_ids", id="input-ids")
        yield IdGrid("attention_mask", id="attention-mask")
        yield Static(id="cell-details", classes="details")

    def show(self, shown: ShownText) -> None:
        if shown.texts.batch is None:
            return
        self._shown = shown
        batch = shown.texts.batch
        items = tuple(
            visible(line, limit=40) or "(empty line)" for line in shown.asked.tokenize.items
        )
        digits = max((len(str(number)) for row in batch.input_ids for number in row), default=1)
        ids, mask = self.query_one("#input-ids", IdGrid), self.query_one("#attention-mask", IdGrid)
        ids.show(items, batch.input_ids, batch.attention_mask, digits)
        mask.show(items, batch.attention_mask, batch.attention_mask, digits)
        self.query_one("#item-lines", Static).update(Content(describe_lines(shown.asked.escapes)))
        self._describe(ids.cursor)

    def focus_list(self) -> None:
        self.query_one("#input-ids", IdGrid).focus()

    def _describe(self, cursor: tuple[int, int]) -> None:
        details = describe_cell(self._shown, *cursor) if self._shown else ""
        self.query_one("#cell-details", Static).update(Content(details), layout=False)

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
    """The shape of both grids, the padding, and how much of the batch is text."""
    items, positions = batch.shape
    tokens = sum(map(sum, batch.attention_mask))
    share = tokens / (items * positions) if items and positions else 0.0
    padded = items * positions - tokens
    rest = f"{padded:,} are padding: attention_mask 0" if padded else "there is no padding"
    return (
        f"shape {batch.shape} (batch, position) · padding {batch.padding_side} with ID "
        f"{batch.pad_id} {piece(batch.pad_text)}\n"
        f"{tokens:,} of {counted(items * positions, 'position')} hold text ({percent(share)}), "
        f"{rest}"
    )


def describe_cell(shown: ShownText, item: int, position: int) -> str:
    """What stands at one place of both grids."""
    batch = shown.texts.batch
    if batch is None or item >= batch.shape[0]:
        return ""
    if not batch.shape[1]:
        return "Every line is empty: there is no position to pad to."
    where = f"item {item}, position {position} · ID {batch.input_ids[item][position]}"
    tokens = shown.texts.items[item].tokens
    if batch.attention_mask[item][position]:
        padding = batch.shape[1] - len(tokens) if batch.padding_side == "left" else 0
        return f"{where} · {describe_real(tokens[position - padding])}\nmask 1: a token of the text"
    line = "the line is empty: padding alone" if not tokens else "padding"
    return f"{where} · {piece(batch.pad_text)}\nmask 0: {line}; attention leaves it out"


def describe_real(token: Token) -> str:
    return f"{visible(piece(token.text), limit=24)} · bytes {hex_bytes(token.bytes, 10)}"
