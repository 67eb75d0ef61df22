"""Styles that are worked out once, not again where they are what they were.

Textual reads all stylesheets anew for each screen that is opened for the first time, and for each
kind of widget where there are more than 64 of them: 26 ms each time. It works out the styles of all
widgets of a screen each time that it is shown, and twice for one that is new: 20 ms each time.
"""

from typing import TypeVar

from textual.app import App
from textual.cache import LRUCache
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.events import ScreenResume
from textual.screen import Screen

from tui_trainer.terminal.stand_in import stand_in

Return = TypeVar("Return")
Made = TypeVar("Made", bound=Screen[None])
NEVER = -1
"""How a screen counts changes of styles that has seen none since it is there."""
SOURCES = 1024
"""More than there are: the files of all screens, and what each kind of widget begins with."""

# Each style that is worked out looks up all rules by identity: the same, without a call of Python's
# for each of some 400.
setattr(RuleSet, "__hash__", object.__hash__)  # noqa: B010 - a class is not assigned to


class ReadOnce(Stylesheet):
    """As Textual's, but for the work that it does again."""

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._parse_cache = LRUCache(SOURCES)

    def set_variables(self, variables: dict[str, str]) -> None:
        """What was read with the same ones stays."""
        if variables != self._variables:
            super().set_variables(variables)

    def reparse(self) -> None:
        """Read what is not known with these variables; where that raises the rules stay."""
        self.parse()


class StyledOnce(App[Return]):
    """An app with such a stylesheet, and screens that begin with the styles that there are."""

    def __init__(self) -> None:
        super().__init__()
        self.stylesheet = ReadOnce(variables=self.stylesheet._variables)

    def in_styles_of_now(self, screen: Made) -> Made:
        """A screen that is new: its widgets have these styles from the beginning."""
        screen._css_update_count = self._css_update_count
        return screen


_resume = Screen._on_screen_resume


@stand_in(Screen, "_on_screen_resume")
def resume(screen: Screen[object], event: ScreenResume) -> None:
    """Only where there were other styles while it was not on show are its own worked out again."""
    event.refresh_styles = screen._css_update_count not in (NEVER, screen.app._css_update_count)
    _resume(screen, event)
