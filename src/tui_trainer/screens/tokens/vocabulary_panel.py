"""The vocabulary around one of its entries: who its neighbours are, and what each was made of."""

import asyncio
from dataclasses import dataclass

from textual import work
from textual.app import ComposeResult
from textual.message import Message

from tui_trainer.protocol.tokens import ReadVocabulary
from tui_trainer.reports.tokens import VocabularyEntry
from tui_trainer.screens.tokens.words import hex_bytes
from tui_trainer.session.session import Session
from tui_trainer.widgets.cell_text import piece
from tui_trainer.widgets.line_table import Column, LineTable
from tui_trainer.widgets.panel import Panel

COLUMNS = (
    Column("ID", 7, right=True),
    Column("piece", 10, share=2),
    Column("made of", 13, share=3),
    Column("bytes", 12, share=3),
)


@dataclass
class Opened(Message):
    """A token is the one to look at."""

    token_id: int


class VocabularyPanel(Panel):
    """As many entries as there is room for; they stay while the opened one is among them.

    What cannot be seen is not asked for.
    """

    def __init__(self, session: Session, *, title: str = "vocabulary", id: str) -> None:
        super().__init__(title=title, hint="made of: the two that were joined", id=id)
        self.session = session
        self.entries: tuple[VocabularyEntry, ...] = ()
        self._open: tuple[str, int] | None = None
        """The tokenizer's source, and the ID."""
        self._answered: ReadVocabulary | None = None
        self._asking = asyncio.Lock()

    def compose(self) -> ComposeResult:
        table = LineTable(id=f"{self.id}-entries")
        table.can_focus = False  # it follows the token that is selected elsewhere
        yield table

    @property
    def table(self) -> LineTable:
        return self.query_one(LineTable)

    def open(self, source: str, token_id: int) -> None:
        """Show the entries around `token_id` of the tokenizer of that source."""
        self._open = source, token_id
        if (tokenizer := self.session.tokenizer) is not None and tokenizer.name == source:
            self.figure = f"{tokenizer.vocabulary:,} entries"
        self._mark()
        self._read()

    def on_resize(self) -> None:
        self._read()

    def _to_ask(self) -> ReadVocabulary | None:
        """None where the opened entry is on show, or nothing can be."""
        rows = self.table.scrollable_content_region.height - 1
        if self._open is None or rows < 1 or not self.is_on_screen:
            return None
        source, token_id = self._open
        shown = self._answered
        is_there = (
            shown is not None
            and (shown.source, shown.count) == (source, rows)
            and shown.first <= token_id < shown.first + rows
        )
        return None if is_there else ReadVocabulary(source, max(0, token_id - rows // 2), rows)

    @work
    async def _read(self) -> None:
        if self._asking.locked():
            return
        async with self._asking:
            while (asked := self._to_ask()) is not None:
                entries = await self.session.ask(asked)
                self._answered = asked
                if entries is not None:
                    self.entries = entries
                    self.table.show(COLUMNS, len(entries), self._row)
                    self._mark()

    def _mark(self) -> None:
        """The cursor on the opened entry, where it is on show."""
        first = self.entries[0].id if self.entries else 0
        if self._open is not None and 0 <= self._open[1] - first < len(self.entries):
            self.table.cursor = self._open[1] - first

    def _row(self, index: int) -> tuple[str, ...]:
        entry = self.entries[index]
        made_of = " + ".join(map(piece, entry.made_of)) or "-"
        return str(entry.id), piece(entry.text), made_of, hex_bytes(entry.bytes)
