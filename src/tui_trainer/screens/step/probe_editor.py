"""The probes, a line each, edited in a dialog."""

import re
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Static

from tui_trainer.reports.probes import MOST_PROBES
from tui_trainer.screens.dialog import Dialog
from tui_trainer.widgets.keys import MOVE, go_back, key
from tui_trainer.widgets.panel import Panel
from tui_trainer.widgets.text_box import LineBox

WRITTEN = {"\\": "\\\\", "\n": "\\n", "\t": "\\t"}
MEANT = {"\\": "\\", "n": "\n", "t": "\t"}


def write_line(text: str) -> str:
    """`text` in one line: newline, tab and backslash as Python writes them."""
    return "".join(WRITTEN.get(character, character) for character in text)


def read_line(line: str) -> str:
    """The text that `write_line` wrote; a backslash before anything else is one."""
    return re.sub(r"\\([\\nt])", lambda found: MEANT[found[1]], line)


class ProbeEditor(Dialog[tuple[str, ...] | None]):
    """Gives back the texts, each once; an empty line is no probe. None where the user escaped."""

    BINDINGS: ClassVar[list[BindingType]] = [
        go_back("Leave the probes as they are"),
        key("down", "app.focus_next", "next line", "The next line", MOVE, id="next"),
        key("up", "app.focus_previous", "line before", "The line before", MOVE, id="previous"),
    ]

    def __init__(self, probes: tuple[str, ...]) -> None:
        super().__init__()
        self._probes = probes

    def compose(self) -> ComposeResult:
        lines = [write_line(text) for text in self._probes]
        lines += [""] * (MOST_PROBES - len(lines))
        hint = "enter takes them · escape goes back"
        with Panel(title="probes", hint=hint, classes="dialog wide"):
            yield Static("Other strings that are followed: what an update did to them.")
            for number, line in enumerate(lines, start=1):
                with Horizontal(classes="probe"):
                    yield Static(f"{number}", classes="label")
                    yield LineBox(line, placeholder="no probe", id=f"probe-{number}")
            yield Static(
                "\\n is a newline, \\t a tab · up and down go to another line", classes="hint"
            )

    def on_mount(self) -> None:
        self.query(Input).first().focus()

    def on_input_submitted(self) -> None:
        texts = [read_line(box.value) for box in self.query(Input)]
        self.dismiss(tuple(dict.fromkeys(text for text in texts if text)))
