"""One of a few words, all of them on show: the chosen one in brackets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.events import Click, Key
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui_trainer.widgets.keys import MOVE, key

CHOOSE = (
    key("left", "choose(-1)", "one before", "The word before", MOVE, id="choose-before"),
    key("right", "choose(1)", "next one", "The next word", MOVE, id="choose-next"),
    key("space", "choose(0)", "this one", "The same word once more", MOVE, id="choose-again"),
)


def neighbour(words: Sequence[str], word: str, by: int) -> str:
    """The word so many places on, or the last one on that side."""
    return words[max(0, min(words.index(word) + by, len(words) - 1))]


def beginning_with(words: Sequence[str], word: str, letter: str) -> str | None:
    """The next word that begins so, after `word` and round."""
    after = words.index(word) + 1
    found = (other for other in (*words[after:], *words[:after]) if other.startswith(letter))
    return next(found, None)


def word_at(words: Sequence[str], x: int) -> str | None:
    """The word under a cell, where each has one more at both sides."""
    end = 0
    for word in words:
        end += len(word) + 2
        if x < end:
            return word if x >= 0 else None
    return None


class Chooser(Widget, can_focus=True):
    """left and right choose the neighbour, a letter the next word that begins so, space the same
    word once more."""

    BINDINGS: ClassVar[list[BindingType]] = [*CHOOSE]

    value: reactive[str] = reactive("", init=False)

    @dataclass
    class Changed(Message):
        """Another word was chosen, or the same again."""

        chooser: "Chooser"

        @property
        def control(self) -> "Chooser":
            return self.chooser

    def __init__(self, words: tuple[str, ...], value: str, *, id: str) -> None:
        """`words` are ours, and fit for a terminal."""
        super().__init__(id=id)
        self.words = words
        self.set_reactive(Chooser.value, value)

    def watch_value(self) -> None:
        self.post_message(self.Changed(self))

    def action_choose(self, by: int) -> None:
        self._choose(neighbour(self.words, self.value, by))

    def _choose(self, word: str | None) -> None:
        if word == self.value:
            self.watch_value()
        elif word is not None:
            self.value = word

    def on_key(self, event: Key) -> None:
        letter = event.character if event.is_printable else None
        word = beginning_with(self.words, self.value, letter) if letter else None
        if word is not None:
            event.stop()
            self._choose(word)

    def on_click(self, event: Click) -> None:
        self._choose(word_at(self.words, event.x))

    def render(self) -> Content:
        return Content("").join(map(self._draw, self.words))

    def _draw(self, word: str) -> Content:
        if word != self.value:
            return Content.styled(f" {word} ", "$context")
        return Content.styled(f"[{word}]", "bold reverse" if self.has_focus else "bold")
