"""Tokens: a text, and what a tokenizer makes of it while you type."""

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Static

from tui_trainer.failures import Failure
from tui_trainer.protocol.models import LoadTokenizer
from tui_trainer.protocol.tokens import ReadTextRows, Tokenize
from tui_trainer.reports.tokens import TokenizerReport
from tui_trainer.screens.batch_rows.view import AskedRows
from tui_trainer.screens.shared_text import SharedText
from tui_trainer.screens.tokens.batch_view import BatchView, describe_lines
from tui_trainer.screens.tokens.compare_view import CompareView
from tui_trainer.screens.tokens.keys import KEYS
from tui_trainer.screens.tokens.shown_text import BATCH, COMPARE, SINGLE, AskedText, ShownText
from tui_trainer.screens.tokens.single_view import SingleView
from tui_trainer.screens.tokens.text_rows import TextRows
from tui_trainer.screens.tokens.tokenizer_picker import TokenizerPicker
from tui_trainer.screens.tokens.vocabulary_panel import Opened, VocabularyPanel
from tui_trainer.screens.tokens.words import describe_text, tokenizer_name
from tui_trainer.session.guide import GREETING
from tui_trainer.session.session import Session
from tui_trainer.session.text_examples import NOTEBOOK_TEXT, describe_example, next_example
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.greeting import Greeting
from tui_trainer.widgets.panel import Panel
from tui_trainer.widgets.refusal import Refusal
from tui_trainer.widgets.text_box import TextBox
from tui_trainer.widgets.text_box_panel import TextBoxPanel
from tui_trainer.words.escapes import read_escapes
from tui_trainer.words.reading import describe_reading

PREVIEWED_LINES, PREVIEWED_CHARACTERS = 8, 2000
HIGH = 48
"""Rows from which text, tokens, IDs and batch are below one another."""
VIEWS = {SINGLE: SingleView, BATCH: BatchView, COMPARE: CompareView}
NEEDS = {"side": BATCH, "escapes": BATCH, "rows": BATCH, "pick": COMPARE}
"""The view that a key is about."""
EMPTY_TEXT = "The text is empty: there is nothing to tokenize. Type, or press escape and e."


class TokensScreen(SharedText):
    """One request is with the worker at a time, and the next is for the text as it is then."""

    NAME = "tokens"
    TEXT_BOX = "#text"
    AUTO_FOCUS = "#text"
    HELP = """\
A model reads numbers, not text. The tokenizer cuts the text into tokens, each an entry of its
vocabulary, and gives their IDs: tokenizer(text, return_tensors="pt").input_ids, of shape
(batch, position). The strip shows the tokens in the text; the table shows for each its position,
its ID, the ID decoded alone, and its bytes.

␣ is a space, ⏎ a newline, ⇥ a tab: they are part of the tokens. A byte-level tokenizer may
split a character, so that each part decoded alone gives \ufffd; the bytes show what it holds.
A special token such as <|endoftext|> is one entry of the vocabulary, matched as a whole.

Where there is room, the vocabulary shows the selected token among its neighbours. A byte-pair
tokenizer was made by joining, over and over, the two entries that met most often: 'made of' has
the two, and what has a low ID was joined early, since it is frequent.

Batch: each line is an item. \\n in a line is a newline in the item and \\t a tab, as Python has
them, so that an item can have several lines, as the notebook's have; n leaves them as typed. Items
shorter than the longest are padded, on the left or the right, and attention_mask is 1 at a token
and 0 at padding. position_ids count each item's own tokens; labels hold at each the token after
it, which training asks for, and where there is none -100, which does not count. To generate, pad
on the left, so that every item ends with its own last token. v shows the batch position by
position, as the model gets it.

The text is that of Predict and Step too: w gives this screen one of its own.

Compare: two tokenizers on the same text. A thick edge is a boundary that both have; = marks a
segment that is one token in both. Fewer tokens a character mean less to compute."""

    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]

    view: reactive[str] = reactive(SINGLE, bindings=True)
    padding_side: reactive[str] = reactive("right")
    escapes: reactive[bool] = reactive(True)
    """Whether the items of a batch have a newline where a line of the text has `\\n`."""
    loading_second: reactive[bool] = reactive(False, bindings=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.shown: ShownText | None = None
        self.second: str | None = None
        """The source of the second tokenizer, once it is loaded."""
        self._asking = asyncio.Lock()
        self._answered: AskedText | None = None
        self._own: str | None = None

    def body(self) -> Iterable[Widget]:
        with TextBoxPanel():
            yield from self.text_box()
            yield Static(id="about")
            yield Refusal()
            yield Static(id="notice", classes="hint")
        with ContentSwitcher(initial=SINGLE, id="views"):
            yield SingleView(self.session, id=SINGLE)
        yield VocabularyPanel(self.session, id="vocabulary")

    def on_mount(self) -> None:
        self.session.tokenizer_changed.subscribe(self, self._on_tokenizer, immediate=True)
        box = self.query_one(TextBox)
        box.move_cursor(box.document.end)
        name = tokenizer_name(self.session.choice.source)
        self.say("about", f"The tokenizer of {name} is being loaded; you can type already.")
        self._tell_length()
        self._ask()

    async def greet(self) -> bool:
        """What this is, and the first task, under the cursor."""
        await self.query_one("#body").mount(Greeting(GREETING), before=0)
        self.session.task_done.subscribe(self, self._greeted)
        return True

    def select_sample(self) -> None:
        box = self.query_one(TextBox)
        if box.text == NOTEBOOK_TEXT and box.has_focus:
            box.select_all()

    def on_screen_suspend(self) -> None:
        self._greeted()

    def _greeted(self, _task: object = None) -> None:
        """Its task is done, or the user is elsewhere."""
        self.query(Greeting).remove()

    def _on_tokenizer(self, tokenizer: TokenizerReport | None) -> None:
        if tokenizer is not None:
            self._ask()
        else:
            self.say(
                "about", "No tokenizer could be loaded: press escape, then m, and pick a model."
            )

    # Ask the engine

    def on_text_area_changed(self) -> None:
        self._tell_length()
        self._ask()

    def _tell_length(self) -> None:
        """That needs no tokenizer: a long paste is not told of as an empty text for as long as its
        keys come."""
        self.query_one("#text-panel", Panel).figure = describe_text(self.text)
        notice = self.query_one("#notice", Static)
        if self.text and str(notice.content) == EMPTY_TEXT:
            notice.display = False

    def _text_to_ask(self) -> AskedText | None:
        """What the screen should show now; None while there is no tokenizer."""
        if self.session.tokenizer is None:
            return None
        box = self.query_one(TextBox)
        batch = self.view == BATCH or self._previews
        compare = self.view == COMPARE
        read = read_escapes if self.escapes else str
        tokenize = Tokenize(
            text=box.text,
            source=self.session.tokenizer.name,
            items=tuple(map(read, box.document.lines)) if batch and box.text else (),
            padding_side=self.padding_side if batch else "",
            second=self.second if compare else None,
        )
        return AskedText(self.view, tokenize, escapes=batch and self.escapes)

    @property
    def _previews(self) -> bool:
        """Whether there is room for the batch below one text, and it is soon there."""
        lines = self.query_one(TextBox).document.lines
        is_short = len(lines) <= PREVIEWED_LINES and sum(map(len, lines)) <= PREVIEWED_CHARACTERS
        has_room = self.has_class("-tall") and not self.has_class("-narrow")
        return self.view == SINGLE and is_short and has_room

    def on_resize(self) -> None:
        self._place()
        self._ask()

    def _place(self) -> None:
        """Where one column has room for all, the vocabulary is beside it from top to bottom.

        Of two tokenizers each has its own, below what it made of the text.
        """
        has_room = self.has_class("-wide") and self.size.height >= HIGH
        compares = self.shown is not None and self.shown.asked.view == COMPARE
        self.set_class(has_room and not compares, "-beside")

    @work
    async def _ask(self) -> None:
        """Until the answer is for what is on the screen; a text typed over is never asked for."""
        if self._asking.locked():
            return
        async with self._asking:  # which whatever goes wrong gives back
            while (asked := self._text_to_ask()) is not None and asked != self._answered:
                texts = await self.session.ask(asked.tokenize, self._say_failure)
                self._answered = asked
                if texts is not None:
                    await self._show(ShownText(asked, texts))

    def _say_failure(self, failure: Failure) -> None:
        """While typing, a sentence above the last tokens is enough."""
        if failure.traceback is not None:
            self.session.report_failure(failure)
        self._notice(refusal=failure.sentence)

    def _notice(self, sentence: str = "", refusal: str = "") -> None:
        """What is to be known of the text, or why its tokens cannot be had."""
        notice = self.query_one("#notice", Static)
        notice.update(Content(visible(sentence, limit=400)))
        notice.display = bool(sentence)
        self.query_one(Refusal).say(refusal)

    # Show the tokens

    async def _show(self, shown: ShownText) -> None:
        self.shown = shown
        self.session.guide.saw_tokens(shown.texts.first)
        self._notice("" if shown.asked.tokenize.text else EMPTY_TEXT)
        switcher = self.query_one(ContentSwitcher)
        switched = switcher.current != shown.asked.view
        await self._switch_to(shown.asked.view)
        self._place()
        view = self._open_view
        view.show(shown)
        await self._show_preview(shown)
        if isinstance(view, SingleView):
            self._follow_cursor()
        if switched and not self.query_one(TextBox).has_focus:
            view.focus_list()
        self.say("about", self._about(shown))

    async def _switch_to(self, view: str) -> None:
        """It is made when it is first opened: all of them were a fifth of the first frame."""
        switcher = self.query_one(ContentSwitcher)
        if self.query_one_optional(f"#{view}") is None:
            await switcher.add_content(VIEWS[view](self.session, id=view))
        switcher.current = view

    async def _show_preview(self, shown: ShownText) -> None:
        """The batch below one text; made, too, when there is one."""
        is_there = shown.asked.view == SINGLE and shown.texts.batch is not None
        preview = self.query_one_optional("#preview", BatchView)
        if preview is None and is_there:
            preview = BatchView(self.session, id="preview")
            await self.query_one("#body").mount(preview, after="#views")
        if preview is not None:
            preview.display = is_there
            preview.show(shown)

    @property
    def _open_view(self) -> SingleView | BatchView | CompareView:
        view = self.query_one(ContentSwitcher).visible_content
        assert isinstance(view, SingleView | BatchView | CompareView)
        return view

    def _about(self, shown: ShownText) -> str:
        """The line below the text: whose tokens these are, and of what."""
        if shown.asked.view == BATCH:
            return describe_lines(shown.asked.escapes)
        tokenizer = self.session.tokenizer
        entries = f", {tokenizer.vocabulary:,} entries" if tokenizer else ""
        name = tokenizer_name(shown.asked.tokenize.source)
        first = shown.texts.first
        about = describe_reading(first) or describe_example(first.text)
        return " · ".join(filter(None, (f"tokenizer {name}{entries}", about)))

    def on_text_area_selection_changed(self) -> None:
        if self.shown is not None and self.shown.texts.first.text == self.text:
            self._follow_cursor()

    def _follow_cursor(self) -> None:
        """While the user types, the token at the cursor is the selected one."""
        box, view = self.query_one(TextBox), self.query_one(SingleView)
        if box.has_focus:
            view.select_at(box.cursor_index)
        else:
            view.select(view.selected)

    def on_opened(self, event: Opened) -> None:
        """Its neighbours, in whichever panel there is room for them."""
        if self.shown is not None:
            source = self.shown.asked.tokenize.source
            for name in ("#vocabulary", f"#{self._open_view.id} VocabularyPanel"):
                self.query_one(name, VocabularyPanel).open(source, event.token_id)

    # Keys

    def check_action(self, action: str, _parameters: tuple[object, ...]) -> bool | None:
        """The keys of a view are in the footer while it is open."""
        if (needs := NEEDS.get(action)) is not None:
            return needs == self.view
        if action == "leave_text" and self.loading_second:
            return True
        return super().check_action(action, _parameters)

    def action_leave_text(self) -> None:
        if self.loading_second:
            self.session.worker.cancel()
        self._open_view.focus_list()

    def action_batch(self) -> None:
        self._open(SINGLE if self.view == BATCH else BATCH)

    def action_side(self) -> None:
        self.padding_side = "right" if self.padding_side == "left" else "left"
        self._ask()

    def action_escapes(self) -> None:
        self.escapes = not self.escapes
        self._ask()

    def action_rows(self) -> None:
        """The batch on show; while another is read the keys are for the one before."""
        if self.shown is not None and self.shown.asked.view == BATCH:
            asked = self.shown.asked.tokenize
            request = ReadTextRows(asked.items, asked.padding_side, asked.source)
            self.app.push_screen(TextRows(self.session, [AskedRows("the batch", request)]))

    def action_compare(self) -> None:
        if self.view == COMPARE:
            self._open(SINGLE)
        elif self.second is None:
            self.action_pick()
        else:
            self._open(COMPARE)

    def _open(self, view: str) -> None:
        self.view = view
        self._ask()

    @work
    async def action_pick(self) -> None:
        """Load a second tokenizer; the one before stays where that fails."""
        source = await self.app.push_screen_wait(TokenizerPicker(self.session, self.second or ""))
        if source is None or self.loading_second:
            return
        self.loading_second = True
        self._notice(f"Loading the tokenizer of {source}; escape stops a download.")
        loaded = await self.session.ask(LoadTokenizer(source), self._say_failure)
        self.loading_second = False
        if loaded is not None:
            self._notice()
            self.second = source
            self._open(COMPARE)

    def action_example(self) -> None:
        """The next example; the user's own text comes round after the last one."""
        box = self.query_one(TextBox)
        if not describe_example(box.text) and box.text:
            self._own = box.text
        box.replace(next_example(box.text, self._own), (0, 0), box.document.end)
        box.move_cursor(box.document.end)
