"""The dialog where the device is lost: what is on disk, and how to go on from there."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from tui_trainer.lost_device import MUST_RESTART
from tui_trainer.protocol.events import DeviceLost
from tui_trainer.runs.resume_command import describe_stopped
from tui_trainer.screens.dialog import Dialog
from tui_trainer.session.saved_run import SavedRun
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.keys import key
from tui_trainer.widgets.panel import Panel
from tui_trainer.words.signs import BROKEN

NOTHING_ON_DISK = "No file has the updates since the weights were loaded."
WHAT_GOES = "What is on screen can still be read, and what was done be exported (x on 4)."


class DeviceLostDialog(Dialog[bool]):
    """Ends the app, which then tells the command that goes on; or leaves it for what is on
    show; gives back whether another engine is to be begun."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("q", "app.ask_quit", "quit", "Quit, and be told how to go on", id="quit"),
        key("R", "restart", "new engine", "Begin another on what is on disk", id="reload"),
        key("escape", "dismiss", "look around", "Look at what is still on show", id="close"),
    ]

    def __init__(self, lost: DeviceLost, saved: SavedRun | None, *, restarts: bool) -> None:
        """`saved` is the run on disk as it was last heard of; `restarts`: there can be a new
        engine."""
        super().__init__()
        self._restarts = restarts
        self._lost = lost
        self._saved = saved

    def compose(self) -> ComposeResult:
        failure = self._lost.failure
        ended = self._lost.engine_ended
        title = Content.assemble(
            BROKEN.said("the engine is lost" if ended else "the device is lost")
        )
        hint = "R begins a new engine · " * self._restarts + "q quits · escape looks around"
        with Panel(title=title, hint=hint, classes="dialog wide"):
            with Vertical(classes="above"):
                yield Static(Content(visible(failure.sentence, limit=400)), classes="heading")
                yield Static(Content(f"{'' if ended else MUST_RESTART} {self._on_disk()}".strip()))
                if not ended:
                    yield Static(WHAT_GOES, classes="hint")
            with VerticalScroll():
                yield Static(Content(visible(failure.traceback or "", newline="\n", tab="    ")))
            with Horizontal(classes="answers below"):
                if self._restarts:
                    yield Button("R new engine", id="restart", compact=True)
                yield Button("q quit", id="quit", compact=True)
                yield Button("look around", id="stay", compact=True)

    def _on_disk(self) -> str:
        if (run := self._lost.run) is not None:
            return visible(describe_stopped(run))
        return NOTHING_ON_DISK if self._saved is None else self._saved.describe()

    async def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "quit":
            await self.run_action("app.ask_quit")
        elif event.button.id == "restart":
            self.action_restart()
        else:
            self.dismiss()

    def action_restart(self) -> None:
        if self._restarts:
            self.dismiss(True)
