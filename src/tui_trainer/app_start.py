"""How the app begins: as it was configured, else as it was left."""

from typing import TypeVar

from textual.app import App
from textual.theme import Theme

from tui_trainer.session.session import Session
from tui_trainer.session.start import Start
from tui_trainer.terminal_text import visible

Return = TypeVar("Return")
CONFIGURED_THEME = "For now: you have configured {theme}, which the next start has again."


class Started(App[Return]):
    """An app with configured keys and theme, that keeps the theme which is picked."""

    session: Session
    start: Start

    def begin_as(self, start: Start) -> None:
        """Before the first frame."""
        self.start = start
        if start.theme in self.available_themes:  # one that was kept may be of another version
            self.theme = start.theme
        self._last_theme = self.theme

    def keep_as_left(self) -> None:
        """Once it runs."""
        self.set_keymap(self.start.configuration.keys)
        self.theme_changed_signal.subscribe(self, self._keep_theme)

    def _keep_theme(self, theme: Theme) -> None:
        """One that was picked in the palette."""
        if theme.name == self._last_theme:
            return
        self._last_theme = theme.name
        self.session.kept.keep_theme(theme.name)
        configured = self.start.configuration.theme
        if configured not in (None, theme.name):
            self.notify(CONFIGURED_THEME.format(theme=visible(configured)), markup=False)
