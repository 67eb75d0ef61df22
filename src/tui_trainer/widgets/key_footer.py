"""The keys that matter now, in words, at the bottom of a screen."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby

from rich.cells import cell_len
from textual.binding import ActiveBinding, Binding
from textual.content import Content
from textual.events import Click, MouseMove
from textual.screen import Screen
from textual.widget import Widget

from tui_trainer.widgets.keys import LAST, place_of

GAP = 2
KEY, LABEL = "bold $footer-key-foreground", "$footer-description-foreground"

WordFor = Callable[[str, str], str]
"""What a key is called now, by its id and its label; "" where it can do nothing now."""


@dataclass(frozen=True)
class Word:
    """One word of the footer, with the key before it or the two that share it."""

    keys: tuple[tuple[str, str], ...]
    """Each as it is drawn, and as it is pressed."""
    label: str
    sentence: str
    main: int

    @property
    def width(self) -> int:
        """In cells, with the gap after it."""
        return sum(cell_len(drawn) + 1 for drawn, _ in self.keys) + cell_len(self.label) + GAP

    def key_at(self, x: int) -> str:
        """The key for a click that many cells from its left; the last one has the label too."""
        for drawn, name in self.keys[:-1]:
            if x <= cell_len(drawn):
                return name
            x -= cell_len(drawn) + 1
        return self.keys[-1][1]

    def draw(self) -> Content:
        parts = [part for drawn, _ in self.keys for part in ((drawn, KEY), " ")]
        return Content.assemble(*parts, (self.label, LABEL))


def words_of(
    active: Iterable[ActiveBinding], word_for: WordFor, draw: Callable[[Binding], str]
) -> tuple[Word, ...]:
    """A word for each of the main keys that can do something now, the most important first."""
    main: dict[str, ActiveBinding] = {}
    for one in active:
        if place_of(one.binding).main and one.enabled:
            main.setdefault(one.binding.id or "", one)
    bindings = sorted(
        (one.binding for one in main.values()), key=lambda binding: place_of(binding).main
    )
    called = [(b, word_for(b.id or "", b.description)) for b in bindings]
    offered = [(b, label) for b, label in called if label]
    pairs = groupby(offered, lambda each: place_of(each[0]).pair or each[0].id)
    return tuple(_word(list(group), draw) for _, group in pairs)


def _word(group: list[tuple[Binding, str]], draw: Callable[[Binding], str]) -> Word:
    first, label = group[0]
    place = place_of(first)
    keys = tuple((draw(binding), binding.key) for binding, _ in group)
    return Word(keys, place.pair or label, first.tooltip, place.main)


def fitted(words: tuple[Word, ...], width: int) -> tuple[tuple[int, Word], ...]:
    """As many words as `width` cells have room for, each with the cell it begins at.

    The one whose place is LAST stays, at the right end; the others are left out from theirs.
    """
    stays = words[-1:] if words and words[-1].main == LAST else ()
    end = width + GAP - sum(word.width for word in stays)
    x, placed = 0, []
    for word in words[: len(words) - len(stays)]:
        if x + word.width > end:
            break
        placed.append((x, word))
        x += word.width
    return (*placed, *((max(x, end), word) for word in stays))


class KeyFooter(Widget):
    """One line, drawn anew only where its words differ.

    Textual's has a widget for each key, and composes all of them anew: longer than all else that
    is drawn at a key. Here a key that came or went is one line of text.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    KeyFooter {
        dock: bottom; height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis;
        background: $footer-background; color: $footer-foreground;
    }
    """

    def __init__(self, word_for: WordFor) -> None:
        super().__init__()
        self._word_for = word_for
        self._active: tuple[ActiveBinding, ...] = ()
        self._words: tuple[Word, ...] = ()

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self.bindings_changed)

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Other keys may be there: another widget has the focus, or the screen does another thing.

        Looked at once for all that changed at a key: each look goes through every binding.
        """
        if self.is_attached and screen is self.screen:
            self.call_after_refresh(self._look)

    def _look(self) -> None:
        if self.is_attached:
            self._active = tuple(self.screen.active_bindings.values())
            self.follow()

    def follow(self) -> None:
        """The same keys may be able to do something else now."""
        words = words_of(self._active, self._word_for, self.app.get_key_display)
        if words != self._words:
            self._words = words
            self.refresh()

    def render(self) -> Content:
        line, end = Content(), 0
        for x, word in fitted(self._words, self.content_size.width):
            line += Content(" " * (x - end)) + word.draw()
            end = x + word.width - GAP
        return line

    # The mouse

    def _at(self, x: int) -> tuple[int, Word] | None:
        placed = fitted(self._words, self.content_size.width)
        under = ((start, word) for start, word in placed if start <= x < start + word.width - GAP)
        return next(under, None)

    def on_mouse_move(self, event: MouseMove) -> None:
        at = self._at(event.x - self.gutter.left)
        self.tooltip = None if at is None else Content(at[1].sentence)

    def on_click(self, event: Click) -> None:
        if (at := self._at(x := event.x - self.gutter.left)) is not None:
            self.app.simulate_key(at[1].key_at(x - at[0]))
