"""The raw texts of evaluated items: what was asked, what was answered, what was expected."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui_trainer.reports.evaluated_items import Answer, EvaluatedItem
from tui_trainer.screens.dialog import Dialog
from tui_trainer.screens.evaluation.words import NUMBER_CHARACTERS, raw
from tui_trainer.widgets.keys import key
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
        with Vertical(classes="dialog wide"):
            yield Static(id="title", classes="heading above")
            with VerticalScroll():
                yield Static(id="texts")
            yield Static(KEYS, classes="hint below")

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
        self._show()

    def _show(self) -> None:
        texts = self._items[self._place]
        self.query_one("#title", Static).update(Content(describe_item(texts.item)))
        self.query_one("#texts", Static).update(describe_texts(texts))
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def action_go(self, by: int) -> None:
        place = self._place + by
        if 0 <= place < len(self._items):
            self._place = place
            self._show()

    def action_close(self) -> None:
        self.dismiss(self._place)


def describe_item(item: EvaluatedItem) -> str:
    """What became of it, and of which two numbers that was decided."""
    strict, flexible, expected = (
        number(text, NUMBER_CHARACTERS)
        for text in (item.strict, item.flexible, item.expected_number)
    )
    return (
        f"Item {item.problem:,} · {item.outcome.value} · strict {strict}, flexible {flexible}, "
        f"expected {expected} · "
        f"{item.answer.tokens:,} tokens, {item.answer.ending.value}"
    )


def describe_texts(texts: ItemTexts) -> Content:
    """Each text under its heading."""
    item, before = texts.item, texts.before
    parts = [("Expected", item.expected), *_describe_answer(item.answer, texts.by)]
    if before is not None:
        parts += _describe_answer(before.answer, texts.before_by)
    parts.append(("Prompt", item.prompt))
    shown = [
        piece
        for heading, text in parts
        for piece in (Content.styled(heading, "bold reverse"), Content(f"\n{raw(text)}\n\n"))
    ]
    return Content("").join(shown)


def _describe_answer(answer: Answer, by: str) -> Iterator[tuple[str, str]]:
    """As the model gave it, and as it was scored where special tokens stood in it."""
    yield f"Answer of evaluation {by}", answer.shown
    if not answer.is_scored_as_shown:
        yield "Scored without special tokens", answer.text
