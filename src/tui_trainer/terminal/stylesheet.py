"""A stylesheet that reads each of its sources once.

Textual reads all of them anew for each screen that is opened for the first time, and for each kind
of widget where there are more than 64 of them: 26 ms each time.
"""

from typing import TypeVar

from textual.app import App
from textual.cache import LRUCache
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

Return = TypeVar("Return")
SOURCES = 1024
"""More than there are: the files of all screens, and what each kind of widget begins with."""

# Each style that is worked out looks up all rules by identity: the same, without a call of Python's
# for each of some 400.
setattr(RuleSet, "__hash__", object.__hash__)  # noqa: B010 - Textual has no hook for it


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
    """An app with such a stylesheet."""

    def __init__(self) -> None:
        super().__init__()
        self.stylesheet = ReadOnce(variables=self.stylesheet._variables)
