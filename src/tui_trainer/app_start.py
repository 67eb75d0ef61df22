"""How the app begins: as it was configured, else as it was left."""

from typing import TypeVar

from textual import work
from textual.app import App
from textual.theme import Theme

from tui_trainer.screens.work_screen import work_screen_of
from tui_trainer.session.guide import GREETED
from tui_trainer.session.session import Session
from tui_trainer.session.start import Start
from tui_trainer.terminal_text import visible

Return = TypeVar("Return")
CONFIGURED_THEME = "For now: you have configured {theme}, which the next start has again."


class Started(App[Return]):
    """An app with configured keys and theme, that keeps the theme which is picked."""

    session: Session
    start: Start

    def begin_as(self, start: Start, *, greets: bool) -> None:
        """Before the first frame."""
        self.start, self._greets = start, greets
        if start.theme in self.available_themes:  # one that was kept may be of another version
            self.theme = start.theme
        self._last_theme = self.theme

    def keep_as_left(self) -> None:
        """Once it runs."""
        self.set_keymap(self.start.configuration.keys)
        self.theme_changed_signal.subscribe(self, self._keep_theme)

    @work
    async def recall_ticks(self) -> None:
        """What was done of the guide; who has done nothing yet is welcomed."""
        done = await self.session.ticks.read()
        self.session.guide.recall(done)
        screen = work_screen_of(self) if self._greets else None
        if screen is None:
            return
        screen.select_sample()
        if not done and await screen.greet():
            self.session.ticks.append(GREETED)

    def _keep_theme(self, theme: Theme) -> None:
        """One that was picked in the palette."""
        if theme.name == self._last_theme:
            return
        self._last_theme = theme.name
        self.session.kept.keep_theme(theme.name)
        configured = self.start.configuration.theme
        if configured not in (None, theme.name):
            self.notify(CONFIGURED_THEME.format(theme=visible(configured)), markup=False)
