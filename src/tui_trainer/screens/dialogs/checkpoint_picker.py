"""Which checkpoint of a run."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui_trainer.screens.dialog import Dialog
from tui_trainer.widgets.keys import go_back
from tui_trainer.widgets.panel import Panel


class CheckpointPicker(Dialog[int | None]):
    """Gives back the step of the chosen one; None where the user escaped.

    `describe` tells of the checkpoint of a step, fit for a terminal.
    """

    BINDINGS: ClassVar[list[BindingType]] = [go_back()]

    def __init__(
        self, question: str, steps: tuple[int, ...], describe: Callable[[int], str]
    ) -> None:
        super().__init__()
        self._describe = describe
        self._question = question
        self._steps = tuple(reversed(steps))

    def compose(self) -> ComposeResult:
        hint = "enter takes it · ↑↓ newest first · escape goes back"
        with Panel(title="checkpoint", hint=hint, classes="dialog"):
            yield Static(Content(self._question))
            options = [Option(Content(self._describe(step))) for step in self._steps]
            yield OptionList(*options, compact=True)

    def on_mount(self) -> None:
        chooser = self.query_one(OptionList)
        chooser.highlighted = 0
        chooser.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._steps[event.option_index])
