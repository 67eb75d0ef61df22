"""What the next update is made with, how far back one can go, and what goes on."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from tui_trainer.protocol.events import LoopState
from tui_trainer.reports.phases import PhaseReport
from tui_trainer.screens.step.phase_words import describe_progress
from tui_trainer.screens.step.settings import UpdateSettings
from tui_trainer.screens.typed_ahead import describe_waiting
from tui_trainer.widgets.panel import Panel
from tui_trainer.words.signs import BROKEN, RUNNING

STOPPING = "stopping after this update"


class NextPanel(Panel):
    """Four facts in two lines: where the screen is narrow the phases, else the memory of undo."""

    def __init__(self, settings: UpdateSettings) -> None:
        super().__init__(title="next", hint="[ ] lr  o optimizer  t mode", id="next")
        self._settings = settings
        self._told = {name: Content("") for name in ("lr", "undo", "mode", "progress", "memory")}
        self._told["progress"] = describe_progress(None)
        self._facts = {name: Static(words, id=name) for name, words in self._told.items()}

    def compose(self) -> ComposeResult:
        for line in (("lr", "undo"), ("mode", "progress", "memory")):
            with Horizontal():
                yield from (self._facts[name] for name in line)

    def show(self, state: Content) -> None:
        """The settings as they are, or were asked to become; `state` tells what goes on."""
        self.figure = state
        for name, words in self._settings.describe().items():
            self._tell(name, words)

    def show_phases(self, report: PhaseReport | None) -> None:
        """Where the training cell is, on one line; None where its phases have to begin again."""
        self._tell("progress", describe_progress(report))

    def _tell(self, name: str, words: Content) -> None:
        """Nothing is laid out anew where it is the same: an update asks for this twice."""
        if not self._told[name].is_same(words):
            self._told[name] = words
            self._facts[name].update(words)


def describe_state(live: LoopState | None, waiting: int, *, stopping: bool) -> Content:
    """What goes on: updates that play, or wait; else whether the last playing broke."""
    if stopping:
        return Content.styled(STOPPING, "bold")
    if live is LoopState.RUNNING:
        return Content.assemble(RUNNING.said("playing"))
    if live is LoopState.FAILED and waiting <= 1:
        return Content.assemble(BROKEN.said("stopped by a failure"))
    return Content.styled(describe_waiting(waiting), "bold")
