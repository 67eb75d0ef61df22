"""Two tokenizers side by side, aligned on the characters of the text."""

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Static

from tui_trainer.reports.tokens import Token, Tokenized
from tui_trainer.screens.tokens.alignment import Segment, align
from tui_trainer.screens.tokens.shown_text import ShownText
from tui_trainer.screens.tokens.vocabulary_panel import VocabularyPanel
from tui_trainer.screens.tokens.words import tokenizer_name
from tui_trainer.session.session import Session
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.aligned_strip import Aligned, AlignedStrip
from tui_trainer.widgets.cell_text import first_fitting, piece
from tui_trainer.widgets.line_table import Column, LineTable
from tui_trainer.widgets.panel import Panel
from tui_trainer.words.numbers import counted

PIECES_JOINED = "│"
IDS_SHOWN = 12


class CompareView(Container):
    """The strip of aligned tokens, and a row for each segment."""

    def __init__(self, session: Session, *, id: str) -> None:
        super().__init__(id=id)
        self.session = session
        self.segments: tuple[Segment, ...] = ()
        self._shown: ShownText | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="side"):
            with Panel(title="A and B", hint="┃ a boundary of both", id="aligned-panel"):
                yield Static(id="comparison")
                yield AlignedStrip(id="aligned")
            with Panel(title="segment", id="segment-panel", classes="cell"):
                yield Static(id="segment-details", classes="details")
            yield VocabularyPanel(self.session, title="vocabulary of A", id="first-vocabulary")
        with Vertical(classes="side listing"):
            with Panel(title="segments", hint="= one token in both", id="segments-panel"):
                yield LineTable(id="segments")
            yield VocabularyPanel(self.session, title="vocabulary of B", id="second-vocabulary")

    def show(self, shown: ShownText) -> None:
        if shown.texts.second is None:
            return
        self._shown = shown
        self.segments = align(shown.texts.first, shown.texts.second)
        self.query_one(AlignedStrip).show([drawn(segment) for segment in self.segments])
        table = self.table
        table.show(self._columns(shown), len(self.segments), self._row)
        self._say_comparison()
        self.query_one("#aligned-panel", Panel).figure = describe_counts(shown)
        self.query_one("#segments-panel", Panel).figure = describe_sameness(self.segments)
        self._select(table.cursor)

    @property
    def table(self) -> LineTable:
        return self.query_one("#segments", LineTable)

    def focus_list(self) -> None:
        self.table.focus()

    def on_resize(self) -> None:
        self.call_after_refresh(self._say_comparison)

    def _say_comparison(self) -> None:
        if self._shown is not None:
            place = self.query_one("#comparison", Static)
            place.update(Content(describe_comparison(self._shown, place.size.width)))

    def _columns(self, shown: ShownText) -> tuple[Column, ...]:
        second = shown.asked.tokenize.second or ""
        return (
            Column("characters", 11),
            Column("", 1),
            Column("#", 3, right=True),
            Column(f"A {tokenizer_name(shown.asked.tokenize.source)}", 12, share=1),
            Column("#", 3, right=True),
            Column(f"B {tokenizer_name(second)}", 12, share=1),
        )

    def _row(self, index: int) -> tuple[str, ...]:
        segment = self.segments[index]
        return (
            f"{segment.start}:{segment.end}",
            "=" if segment.same else "≠",
            str(len(segment.first)),
            join_pieces(segment.first),
            str(len(segment.second)),
            join_pieces(segment.second),
        )

    def _select(self, index: int) -> None:
        segments = len(self.segments)
        table = self.table
        table.cursor = max(0, min(index, segments - 1))
        self.query_one(AlignedStrip).selected = table.cursor if segments else None
        segment = self.segments[table.cursor] if segments else None
        details = describe_segment(segment) if segment else ""
        self.query_one("#segment-panel", Panel).title = f"segment {table.cursor}"
        self.query_one("#segment-details", Static).update(Content(details))
        if segment is not None:
            self._open(segment)

    def _open(self, segment: Segment) -> None:
        """The first token of each tokenizer, where its vocabulary has it."""
        assert self._shown is not None
        asked = self._shown.asked.tokenize
        for name, source, tokens in (
            ("#first-vocabulary", asked.source, segment.first),
            ("#second-vocabulary", asked.second, segment.second),
        ):
            if source and tokens:
                self.query_one(name, VocabularyPanel).open(source, tokens[0].id)

    def on_line_table_moved(self, event: LineTable.Moved) -> None:
        event.stop()
        self._select(event.row)

    def on_aligned_strip_clicked(self, event: AlignedStrip.Clicked) -> None:
        event.stop()
        self._select(event.segment)


def drawn(segment: Segment) -> Aligned:
    """A segment as the strip draws it."""
    return Aligned(
        first=tuple(piece(token.text) for token in segment.first),
        second=tuple(piece(token.text) for token in segment.second),
        first_index=segment.first[0].index if segment.first else 0,
        second_index=segment.second[0].index if segment.second else 0,
    )


def join_pieces(tokens: tuple[Token, ...]) -> str:
    return PIECES_JOINED.join(piece(token.text) for token in tokens)


def describe_segment(segment: Segment) -> str:
    """Two lines: the IDs of each tokenizer."""
    return "\n".join(
        f"{name} {describe_ids(tokens)}"
        for name, tokens in (("A", segment.first), ("B", segment.second))
    )


def describe_ids(tokens: tuple[Token, ...]) -> str:
    ids = [f"{token.id} {visible(piece(token.text), limit=24)}" for token in tokens[:IDS_SHOWN]]
    more = [f"and {len(tokens) - IDS_SHOWN} more"] if len(tokens) > IDS_SHOWN else []
    return ", ".join([*ids, *more])


def describe_counts(shown: ShownText) -> str:
    """How many tokens each makes of the text."""
    second = shown.texts.second
    if second is None:
        return ""
    return f"{len(shown.texts.first.tokens):,} against {counted(len(second.tokens), 'token')}"


def describe_comparison(shown: ShownText, width: int) -> str:
    """How many tokens each needs, fewer mean less to compute; below one another where `width`
    cells are not enough."""
    asked, first, second = shown.asked.tokenize, shown.texts.first, shown.texts.second
    if second is None:
        return ""
    of_both = (
        f"A {describe_rate(asked.source, first)} tokens a character",
        f"B {describe_rate(asked.second or '', second)}",
    )
    return first_fitting((" · ".join(of_both), "\n".join(of_both)), width)


def describe_sameness(segments: tuple[Segment, ...]) -> str:
    """How far the two agree."""
    same = sum(segment.same for segment in segments)
    return (
        f"{counted(max(0, len(segments) - 1), 'common boundary', 'common boundaries')} · "
        f"{same:,} of {len(segments):,} alike"
    )


def describe_rate(source: str, tokenized: Tokenized) -> str:
    rate = len(tokenized.tokens) / len(tokenized.text) if tokenized.text else 0.0
    return f"{tokenizer_name(source, 18)} {rate:.2f}"
