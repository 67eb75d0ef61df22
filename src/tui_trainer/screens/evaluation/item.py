"""The raw texts of evaluated items: what was asked, what was answered, what was expected."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui_trainer.reports.evaluated_items import Answer, EvaluatedItem
from tui_trainer.screens.dialog import Dialog
from tui_trainer.screens.evaluation.words import MARKS, NUMBER_CHARACTERS, raw
from tui_trainer.widgets.keys import key
from tui_trainer.widgets.panel import Panel
from tui_trainer.words.scores import number


@dataclass(frozen=True)
class ItemTexts:
    """One item, and its answer in the evaluation that it is compared with."""

    item: EvaluatedItem
    by: str
    """Which evaluation answered it."""
    before: EvaluatedItem | None = None
    before_by: str = ""


KEYS = "↑↓ scroll · n, p next item, item before · escape closes"
MOST = 6  # texts of an item
Text = tuple[str, str]
"""What it is, and the raw text."""


class ItemTextsView(VerticalScroll):
    """The texts one below the other, each under a rule with what it is."""

    DEFAULT_CSS = "ItemTextsView Static { height: auto; margin-bottom: 1; }"

    def __init__(self, *, can_focus: bool = True) -> None:
        self._texts = [Static() for _ in range(MOST)]
        self._panels = [Panel(text, classes="ruled") for text in self._texts]
        super().__init__(*self._panels, can_focus=can_focus)

    def show(self, texts: ItemTexts | None) -> None:
        """Those of an item; none without one."""
        told = [] if texts is None else list(texts_of(texts))
        for place, (panel, static) in enumerate(zip(self._panels, self._texts, strict=True)):
            panel.display = place < len(told)
            if panel.display:
                panel.title, text = told[place]
                static.update(Content(raw(text)))


class EvaluatedItemDialog(Dialog[int]):
    """Shows one item after another; gives back the place of the last one looked at."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("escape,enter,t,q", "close", "close", "Back to the items"),
        key("n,right", "go(1)", "next item", "The next item", id="next-item", priority=True),
        key("p,left", "go(-1)", "item before", "The item before", id="item-before", priority=True),
    ]

    def __init__(self, items: Sequence[ItemTexts], place: int) -> None:
        super().__init__()
        self._items = items
        self._place = place

    def compose(self) -> ComposeResult:
        with Panel(id="texts", classes="dialog wide"):
            yield Static(id="facts", classes="hint above")
            yield ItemTextsView()
            yield Static(KEYS, classes="hint below")

    def on_mount(self) -> None:
        self.query_one(ItemTextsView).focus()
        self._show()

    def _show(self) -> None:
        texts, view = self._items[self._place], self.query_one(ItemTextsView)
        panel = self.query_one("#texts", Panel)
        panel.title = f"tested item {texts.item.problem:,}"
        panel.figure = describe_outcome(texts.item)
        self.query_one("#facts", Static).update(Content(describe_item(texts.item)))
        view.show(texts)
        view.scroll_home(animate=False)

    def action_go(self, by: int) -> None:
        place = self._place + by
        if 0 <= place < len(self._items):
            self._place = place
            self._show()

    def action_close(self) -> None:
        self.dismiss(self._place)


def describe_outcome(item: EvaluatedItem) -> Content:
    """What became of it, with its sign."""
    return Content.assemble(MARKS[item.outcome], f" {item.outcome.value}")


def describe_item(item: EvaluatedItem) -> str:
    """The two numbers that decided what became of it, each with where it stands where they are not
    the same, and how its answer ended."""
    strict, flexible, expected = (
        number(text, NUMBER_CHARACTERS)
        for text in (item.strict, item.flexible, item.expected_number)
    )
    after, last = (" (after ####)", " (the last)") if item.is_overrun else ("", "")
    return (
        f"strict {strict}{after}, flexible {flexible}{last}, expected {expected} · "
        f"{item.answer.tokens:,} tokens, {item.answer.ending.value}"
    )


def texts_of(texts: ItemTexts) -> Iterator[Text]:
    """All that there is to read of an item: at most `MOST` texts."""
    item, before = texts.item, texts.before
    yield "expected", item.expected
    yield from _answer(item.answer, texts.by)
    if before is not None:
        yield from _answer(before.answer, texts.before_by)
    yield "prompt", item.prompt


def _answer(answer: Answer, by: str) -> Iterator[Text]:
    """As the model gave it, and as it was scored where special tokens stood in it."""
    yield f"answer of {by}", answer.shown
    if not answer.is_scored_as_shown:
        yield "scored without special tokens", answer.text
