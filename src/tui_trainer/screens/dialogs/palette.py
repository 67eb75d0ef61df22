"""The command palette: every key of a screen by name."""

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TypeVar

from textual.app import App, SystemCommand
from textual.await_complete import AwaitComplete
from textual.command import CommandPalette
from textual.dom import DOMNode
from textual.events import Mount
from textual.screen import Screen

from tui_trainer.screens.dialog import LeftOnce
from tui_trainer.screens.work_screen import SAVE, SAVE_TOOLTIP
from tui_trainer.widgets.keys import MOVE, place_of

Return = TypeVar("Return")


class Palette(LeftOnce, CommandPalette):
    """Textual's, left once as any dialog is."""

    def _on_mount(self, event: Mount) -> None:
        """Textual's takes what is below it for the screen whose keys it lists.

        Where another screen was opened before it came, there is none: it stays empty.
        """
        if self not in self.app.screen_stack:
            event.prevent_default()

    def dismiss(self, result: None = None) -> AwaitComplete:
        """As `Dialog.dismiss`."""
        return super().dismiss(result) if self.leaves() else AwaitComplete.nothing()


class WithPalette(App[Return]):
    """An app whose palette has every key of the screen that is open."""

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every key of the screen is a command of the palette too, but not what moves a cursor."""
        yield from super().get_system_commands(screen)
        saves = False
        for node, binding, enabled, tooltip in screen.active_bindings.values():
            saves = saves or binding.action == SAVE
            moves = place_of(binding).description == MOVE
            if enabled and not moves and not binding.system:
                run = self._run_binding(node, binding.action)
                label, key = binding.description, self.get_key_display(binding)
                yield SystemCommand(f"{label[:1].upper()}{label[1:]} ({key})", tooltip, run)
        if not saves:
            yield SystemCommand("Save", SAVE_TOOLTIP, self._run_binding(self, "save"))

    def _run_binding(self, node: DOMNode, action: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            await self.run_action(action, node)

        return run

    def deliver_screenshot(
        self,
        filename: str | None = None,
        path: str | None = None,
        time_format: str | None = None,
    ) -> str | None:
        """To the current directory: a desktop's folder of downloads is not on every machine."""
        return super().deliver_screenshot(filename, path or str(Path.cwd()), time_format)
