"""One of a few words, all of them on show: the chosen one in brackets."""

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.events import Click, Key
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui_trainer.widgets.keys import MOVE, key


class Chooser(Widget, can_focus=True):
    """left and right choose the neighbour, a letter the next word that begins so, space the same
    word once more."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("left", "choose(-1)", "one before", "The word before", MOVE, id="choose-before"),
        key("right", "choose(1)", "next one", "The next word", MOVE, id="choose-next"),
        key("space", "choose(0)", "this one", "The same word once more", MOVE, id="choose-again"),
    ]

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
        place = self.words.index(self.value) + by
        self._choose(self.words[max(0, min(place, len(self.words) - 1))])

    def _choose(self, word: str) -> None:
        if word == self.value:
            self.watch_value()
        self.value = word

    def on_key(self, event: Key) -> None:
        """The next word that begins with the letter, after the chosen one and round."""
        after = self.words.index(self.value) + 1
        for word in (*self.words[after:], *self.words[:after]):
            if event.is_printable and event.character and word.startswith(event.character):
                event.stop()
                self._choose(word)
                return

    def on_click(self, event: Click) -> None:
        """The word under the pointer."""
        end = 0
        for word in self.words:
            end += len(word) + 2
            if event.x < end:
                self._choose(word)
                return

    def render(self) -> Content:
        return Content("").join(map(self._draw, self.words))

    def _draw(self, word: str) -> Content:
        if word != self.value:
            return Content.styled(f" {word} ", "$context")
        return Content.styled(f"[{word}]", "bold reverse" if self.has_focus else "bold")
