"""One text: its tokens as a strip and as a table, what the selected one is, and all as Python."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui_trainer.reports.tokens import Tokenized
from tui_trainer.screens.tokens.shown_text import ShownText
from tui_trainer.screens.tokens.spans import spans
from tui_trainer.screens.tokens.vocabulary_panel import Opened, VocabularyPanel
from tui_trainer.screens.tokens.words import (
    as_python,
    describe_piece,
    describe_token,
    explain_token,
    hex_bytes,
)
from tui_trainer.session.session import Session
from tui_trainer.widgets.cell_text import piece
from tui_trainer.widgets.line_table import Column, LineTable
from tui_trainer.widgets.panel import Panel
from tui_trainer.widgets.token_strip import TokenStrip
from tui_trainer.words.numbers import counted

COLUMNS = (
    Column("position", 8, right=True),
    Column("ID", 7, right=True),
    Column("piece", 14, share=2),
    Column("bytes", 18, share=3),
)


class SingleView(Container):
    """The strip and the table show the same selected token."""

    def __init__(self, session: Session, *, id: str) -> None:
        super().__init__(id=id)
        self.session = session
        self.tokenized = Tokenized("", ())
        self._ends: Sequence[int] = ()

    def compose(self) -> ComposeResult:
        with Vertical(classes="side"):
            with Panel(title="tokens", hint="␣ space  ⏎ newline  ⇥ tab", id="strip-panel"):
                yield TokenStrip(id="strip")
            with Panel(title="token", id="token-panel", classes="cell"):
                yield Static(id="token-details", classes="details")
            with Panel(title="as Python prints it", id="python"), VerticalScroll(can_focus=False):
                yield Static(id="python-lines")
        with Vertical(classes="side listing"):
            with Panel(title="IDs", id="tokens-panel"):
                yield LineTable(id="tokens")
            yield VocabularyPanel(self.session, id="neighbours")

    def show(self, shown: ShownText) -> None:
        self.tokenized = shown.texts.first
        self._ends = [end for _, end in spans(shown.texts.first)]
        self.query_one(TokenStrip).show([piece(token.text) for token in shown.texts.first.tokens])
        self.table.show(COLUMNS, len(shown.texts.first.tokens), self._row)
        self.query_one("#python-lines", Static).update(Content(as_python(shown.texts.first)))
        self.query_one("#strip-panel", Panel).figure = counted(len(self.tokenized.tokens), "token")
        self.query_one("#tokens-panel", Panel).figure = f"shape {self.tokenized.shape}"

    @property
    def table(self) -> LineTable:
        return self.query_one("#tokens", LineTable)

    def focus_list(self) -> None:
        self.table.focus()

    def _row(self, index: int) -> tuple[str, ...]:
        token = self.tokenized.tokens[index]
        piece_shown = describe_piece(self.tokenized, index)
        return str(index), str(token.id), piece_shown, hex_bytes(token.bytes)

    @property
    def selected(self) -> int:
        return self.table.cursor

    def select(self, index: int) -> None:
        """Mark a token in the strip and the table, and tell of it."""
        tokens = len(self.tokenized.tokens)
        table, strip = self.table, self.query_one(TokenStrip)
        table.cursor = max(0, min(index, tokens - 1))
        strip.selected = table.cursor if tokens else None
        panel = self.query_one("#token-panel", Panel)
        panel.title = f"position {table.cursor}" if tokens else "token"
        panel.figure = describe_token(self.tokenized, table.cursor) if tokens else "none"
        details = explain_token(self.tokenized, table.cursor) if tokens else ""
        self.query_one("#token-details", Static).update(Content(details))
        if tokens:
            self.post_message(Opened(self.tokenized.tokens[table.cursor].id))

    def select_at(self, character: int) -> None:
        """Select the token that ends at or goes over the cursor: the one just typed."""
        reached = (index for index, end in enumerate(self._ends) if end >= max(1, character))
        self.select(next(reached, len(self._ends) - 1))

    def on_line_table_moved(self, event: LineTable.Moved) -> None:
        event.stop()
        self.select(event.row)

    def on_token_strip_clicked(self, event: TokenStrip.Clicked) -> None:
        event.stop()
        self.select(event.token)
