"""The tokens of the item that a run begins with, before there is one."""

from textual.app import ComposeResult

from tui_trainer.reports.items import ItemTokens
from tui_trainer.screens.gsm8k.item_words import TOKEN_COLUMNS, token_cells
from tui_trainer.widgets.line_table import LineTable
from tui_trainer.widgets.panel import Panel


class FirstTokens(Panel):
    """Below the chart, where there is room and nothing to draw yet."""

    def __init__(self) -> None:
        super().__init__(hint="v row  i items", id="first-tokens", classes="flush")
        self._table = LineTable(id="first-token-lines")
        self._table.can_focus = False  # tab goes through the charts

    def compose(self) -> ComposeResult:
        yield self._table

    def show(self, item: ItemTokens | None) -> None:
        if item is not None:
            self.title = f"item {item.problem:,} as tokens"
            self.figure = f"{item.counted:,} of {len(item.ids):,} count as labels"
            self._table.show(TOKEN_COLUMNS, len(item.ids), lambda row: token_cells(item, row))
