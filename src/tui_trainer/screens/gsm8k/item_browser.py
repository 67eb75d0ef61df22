"""The items of a data set, to look at before, during and without a run."""

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from tui_trainer.engine.data.problems import BUILTIN_ITEMS, load_problems
from tui_trainer.errors import InputError
from tui_trainer.protocol.tokens import ReadItem
from tui_trainer.reports.items import ItemTokens
from tui_trainer.reports.problem import Problem, format_problem
from tui_trainer.screens.dialog import Dialog
from tui_trainer.screens.gsm8k.item_words import (
    ITEM_COLUMNS,
    TOKEN_COLUMNS,
    describe_counted,
    describe_items,
    describe_size,
    found,
    item_cells,
    searchable,
    token_cells,
)
from tui_trainer.session.disk import in_thread
from tui_trainer.session.session import Session
from tui_trainer.settings.train import TrainSettings
from tui_trainer.terminal_text import visible, visible_source
from tui_trainer.widgets.keys import MOVE, key
from tui_trainer.widgets.line_table import LineTable
from tui_trainer.widgets.panel import Panel
from tui_trainer.widgets.refusal import Refusal
from tui_trainer.widgets.text_box import LineBox

MOST_ITEMS = 100_000  # a data set of more is shown up to here
SOURCE_CHARACTERS = 22
NOTHING_FOUND = "No item has that number, or those words in its text."


def most_items(settings: TrainSettings) -> int:
    """How many are read; of the built-in ones, which have no end, what a run takes at least."""
    if settings.problems == "builtin":
        return max(BUILTIN_ITEMS, settings.items)
    return MOST_ITEMS


class ItemBrowser(Dialog[None]):
    """A search, the items found, and the one at the cursor: its text, its tokens, its labels.

    Items are read on a thread of their own, so that no step of a loop is waited for; the tokens of
    the selected one come from the worker, between two steps.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        key("escape", "dismiss(None)", "close", "Back to the loop", id="close"),
        key("down", "go(1)", "next item", "The next item", MOVE, id="next-item"),
        key("up", "go(-1)", "item before", "The item before", MOVE, id="item-before"),
    ]

    def __init__(self, session: Session, settings: TrainSettings, item: int) -> None:
        super().__init__()
        self._session = session
        self._settings = settings
        self._item = item
        """The one that is selected."""
        self.problems: Sequence[Problem] = ()
        self._texts: tuple[str, ...] = ()
        self._found: tuple[int, ...] = ()
        self.tokens: ItemTokens | None = None

    def compose(self) -> ComposeResult:
        hint = "type to search · ↑↓ item · tab tokens · escape closes"
        with Panel(title="items", figure="being read …", hint=hint, id="found", classes="dialog"):
            yield LineBox("", placeholder="search: a number or words", id="search")
            yield Refusal()
            yield LineTable(id="items")
            with Panel(title="item", id="item-panel"), VerticalScroll(can_focus=False):
                yield Static(id="item-text")
            with Panel(title="tokens", id="tokens-panel"):
                yield Static(id="item-words")
                yield LineTable(id="item-tokens")

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._read()

    @work
    async def _read(self) -> None:
        settings = self._settings
        try:
            self.problems = await in_thread(
                lambda: load_problems(
                    settings.problems, limit=most_items(settings), seed=settings.seed
                )
            )
        except InputError as error:
            self.query_one(Refusal).say(str(error))
            return
        if not self.is_left:
            self._texts = searchable(self.problems)
            self._search(self.query_one(Input).value)

    def _say(self, where: str, words: str) -> None:
        place = self.query_one(f"#{where}", Static)
        place.update(Content(visible(words, newline="⏎\n")))
        place.display = bool(words)

    def _tell(self, panel: str, title: str, figure: str = "") -> None:
        found = self.query_one(f"#{panel}", Panel)
        found.title, found.figure = title, visible(figure)

    # Which items

    def on_input_changed(self, event: Input.Changed) -> None:
        self._search(event.value)

    def _search(self, query: str) -> None:
        if not self.problems:
            return
        self._found = found(self._texts, query)
        name = visible_source(self._settings.problems, SOURCE_CHARACTERS)
        told = describe_items(name, len(self.problems), len(self._found), self._settings)
        self._tell("found", "items", told)
        self.query_one(Refusal).say("" if self._found else NOTHING_FOUND)
        row = self._found.index(self._item) if not query and self._item in self._found else 0
        table = self.query_one("#items", LineTable)
        table.show(
            ITEM_COLUMNS, len(self._found), lambda row: item_cells(self.problems, self._found[row])
        )
        self._select(row)

    def on_line_table_moved(self, event: LineTable.Moved) -> None:
        if event.table.id == "items":
            self._select(event.row)

    def action_go(self, by: int) -> None:
        """From the search too, whose box has no use for these keys."""
        self._select(self.query_one("#items", LineTable).cursor + by)

    def _select(self, row: int) -> None:
        table = self.query_one("#items", LineTable)
        if not self._found:
            self._say("item-text", "")
            self._say("item-words", "")
            self._tell("item-panel", "item")
            self._show_tokens(None)
            return
        table.cursor = max(0, min(row, len(self._found) - 1))
        self._item = self._found[table.cursor]
        self._say("item-text", format_problem(self.problems[self._item]))
        self._tell("item-panel", f"item {self._item:,}")
        self._say("item-words", "its tokens come with the next step")
        self._show_tokens(None)
        self._tokenize(self._item)

    # The one item

    @work(exclusive=True, group="item")
    async def _tokenize(self, item: int) -> None:
        problem, settings = self.problems[item], self._settings
        source = self._session.choice.source
        tokens = await self._session.ask(
            ReadItem(item, problem, settings, source),
            lambda failure: self._say("item-words", failure.sentence),
        )
        if tokens is not None and not self.is_left and self._found and item == self._item:
            self._show_tokens(tokens)

    def _show_tokens(self, tokens: ItemTokens | None) -> None:
        self.tokens = tokens
        table = self.query_one("#item-tokens", LineTable)
        if tokens is None:
            self._tell("tokens-panel", "tokens")
            table.show((), 0, lambda _row: ())
            return
        self._tell("tokens-panel", "tokens", describe_size(tokens))
        self._say("item-words", describe_counted(tokens))
        table.show(TOKEN_COLUMNS, len(tokens.ids), lambda row: token_cells(tokens, row))
