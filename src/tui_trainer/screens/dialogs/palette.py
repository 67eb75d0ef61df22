"""The command palette: every key of a screen by name."""

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TypeVar

from textual.app import App, SystemCommand
from textual.await_complete import AwaitComplete
from textual.binding import Binding
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.dom import DOMNode
from textual.events import Mount
from textual.screen import Screen

from tui_trainer.screens import screen_class
from tui_trainer.screens.dialog import LeftOnce
from tui_trainer.screens.dialogs.setting_commands import forms_from
from tui_trainer.screens.work_screen import SAVE, SAVE_TOOLTIP, ScreenOnTop, WorkScreen
from tui_trainer.widgets.keys import by_group, is_told, keys_of
from tui_trainer.widgets.screen_tabs import SCREENS
from tui_trainer.words.searching import has_words, is_in

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


class Commands(Provider):
    """Ours first, in the order that `get_system_commands` has them; descriptions are searched too.

    Textual's own provider sorts by title, and looks at nothing else.
    """

    def _commands(self) -> list[SystemCommand]:
        return list(self.app.get_system_commands(self.screen))

    async def discover(self) -> Hits:
        for command in self._commands():
            if command.discover:
                title = Content(command.title)
                yield DiscoveryHit(title, command.callback, command.title, command.help)

    async def search(self, query: str) -> Hits:
        """The palette shows the highest score first, equal ones as they come."""
        matcher = self.matcher(query)
        for command in self._commands():
            if score := score_of(command, query, matcher.match(command.title)):
                title = self._marked(command.title, query)
                yield Hit(score, title, command.callback, command.title, command.help)

    def _marked(self, title: str, query: str) -> Content:
        """Not by Textual's matcher, for which a title is markup, and a key may be a bracket."""
        at = title.casefold().find(query.casefold())
        content = Content(title)
        if at < 0 or self.match_style is None:
            return content
        return content.stylize(self.match_style, at, at + len(query))


def score_of(command: SystemCommand, query: str, fuzzy: float) -> float:
    """In the title as it is typed, spaces and hyphens apart; then every word in title or
    description; then by its letters.

    `fuzzy` is how well the letters of the query are those of the title; 0 where they are not.
    """
    if is_in(command.title, query):
        return 1.0
    if has_words(f"{command.title} {command.help}", query):
        return 0.9
    return min(fuzzy, 1.0) / 2


class WithPalette(App[Return]):
    """An app whose palette has every key of the screen that is open, and of the others."""

    COMMANDS = {Commands}  # noqa: RUF012  # as Textual has it

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(placeholder="What do you want to do?"))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the screen's keys do, by group; then what those of the others do, there; then
        each setting; then Textual's own, but for those that ours stand for."""
        yield from self._commands_here(screen)
        if isinstance(screen, WorkScreen):
            yield from self._commands_elsewhere(screen.NAME)
            yield from self._settings(screen.NAME)
        others = super().get_system_commands(screen)
        yield from (command for command in others if command.title not in ("Quit", "Keys"))

    def _commands_here(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        bound = keys_of(screen)
        nodes = {id(one.binding): one.node for one in bound}
        for binding in (binding for group in by_group(bound).values() for binding in group):
            node = nodes[id(binding)]
            if self._check_action_state(binding.action, node):
                yield self._command(binding, "", self._run_binding(node, binding.action))
        if not any(one.binding.action == SAVE for one in bound):
            yield SystemCommand("Save", SAVE_TOOLTIP, self._run_binding(self, "save"))

    def _commands_elsewhere(self, here: str) -> Iterable[SystemCommand]:
        """Found by searching: they open their screen, and do there what their key does."""
        for name, (digit, _) in SCREENS.items():
            keys = () if name == here else screen_class(name).BINDINGS
            for binding in keys:
                if isinstance(binding, Binding) and binding.action != SAVE and is_told(binding):
                    run = self._run_there(name, binding.action)
                    yield self._command(binding, f"{digit}, ", run, discover=False)

    def _settings(self, here: str) -> Iterable[SystemCommand]:
        """Found by searching, by name, flag and meaning: the form opens at it."""
        for place, field in forms_from(here):
            digit, _ = SCREENS[place.screen]
            title = f"{field.label}: setting of {place.of} ({digit})"
            told = field.meaning if field.flag is None else f"{field.meaning} ({field.option})"
            run = self._run_there(place.screen, *place.actions(field))
            yield SystemCommand(title, told, run, discover=False)

    def _command(
        self,
        binding: Binding,
        first: str,
        run: Callable[[], Awaitable[None]],
        *,
        discover: bool = True,
    ) -> SystemCommand:
        label = f"{binding.description[:1].upper()}{binding.description[1:]}"
        title = f"{label} ({first}{self.get_key_display(binding)})"
        return SystemCommand(title, binding.tooltip, run, discover)

    def _run_binding(self, node: DOMNode, action: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            await self.run_action(action, node)

        return run

    def _run_there(self, name: str, *actions: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            await self.run_action(f"show_screen('{name}')")
            while isinstance(self.screen, ScreenOnTop):
                self.screen.dismiss()
            await self._run_one_after_another(*actions)

        return run

    async def _run_one_after_another(self, action: str, *others: str) -> None:
        """On the screen that is on top; what an action opens has to be there before the next."""
        await self.run_action(action, self.screen)
        if others:
            self.screen.call_after_refresh(self._run_one_after_another, *others)

    def deliver_screenshot(
        self,
        filename: str | None = None,
        path: str | None = None,
        time_format: str | None = None,
    ) -> str | None:
        """To the current directory: a desktop's folder of downloads is not on every machine."""
        return super().deliver_screenshot(filename, path or str(Path.cwd()), time_format)
