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
    """A click on a name shows that screen; the brackets mark the one that is open."""

    def __init__(self, current: str) -> None:
        super().__init__()
        self._current = current

    def compose(self) -> ComposeResult:
        for name, (key, title) in SCREENS.items():
            label = f"[{key} {title}]" if name == self._current else f" {key} {title} "
            tab = ScreenTab(label, name)
            tab.set_class(name == self._current, "current")
            yield tab
        yield HeaderLine()


class ScreenTab(Static):
    """One name in the strip."""

    def __init__(self, label: str, target: str) -> None:
        super().__init__(label, markup=False)
        self._target = target

    async def on_click(self) -> None:
        await self.app.run_action(f"show_screen('{self._target}')")
