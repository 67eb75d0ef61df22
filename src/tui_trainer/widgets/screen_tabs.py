"""The strip on top: the screens with their keys, and the state of things."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from tui_trainer.widgets.header_line import HeaderLine

SCREENS = {
    "tokens": ("1", "Tokens"),
    "predict": ("2", "Predict"),
    "loss": ("3", "Loss"),
    "step": ("4", "Step"),
    "gsm8k": ("5", "GSM8K"),
    "runs": ("6", "Runs"),
}


class ScreenTabs(Horizontal):
    """A click on a name shows that screen; the brackets mark the one that is open.

    Where there is no room for all names that one alone has its name: the digits are the keys.
    """

    def __init__(self, current: str) -> None:
        super().__init__()
        self._current = current

    def compose(self) -> ComposeResult:
        for name in SCREENS:
            yield ScreenTab(name, is_open=name == self._current)
        yield HeaderLine()

    def on_resize(self) -> None:
        tabs = list(self.query(ScreenTab))
        has_room = sum(len(tab.label) + tab.gutter.width for tab in tabs) <= self.size.width
        for tab in tabs:
            tab.name_it(has_room=has_room)


class ScreenTab(Static):
    """One name in the strip."""

    def __init__(self, target: str, *, is_open: bool) -> None:
        key, title = SCREENS[target]
        self.label = f"[{key} {title}]" if is_open else f" {key} {title} "
        super().__init__(self.label, markup=False)
        self.set_class(is_open, "current")
        self._target, self._key, self._is_open = target, key, is_open
        self._has_name = True

    def name_it(self, *, has_room: bool) -> None:
        """The whole label, or the key alone; the open one keeps its name."""
        if has_room != self._has_name and not self._is_open:
            self._has_name = has_room
            self.update(self.label if has_room else f" {self._key} ")

    async def on_click(self) -> None:
        await self.app.run_action(f"show_screen('{self._target}')")
