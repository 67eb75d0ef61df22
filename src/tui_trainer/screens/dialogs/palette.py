"""The command palette: every key of a screen by name."""

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette

from tui_trainer.screens.dialog import LeftOnce


class Palette(LeftOnce, CommandPalette):
    """Textual's, left once as any dialog is."""

    def dismiss(self, result: None = None) -> AwaitComplete:
        """As `Dialog.dismiss`."""
        return super().dismiss(result) if self.leaves() else AwaitComplete.nothing()
