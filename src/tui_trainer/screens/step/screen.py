"""Step: one string, one update for each press of the space bar."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.protocol.events import LoopChanged
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.screens.dialogs.export_script import Exports, export_binding
from tui_trainer.screens.step.fork import StepFork
from tui_trainer.screens.step.moved_view import MovedView
from tui_trainer.screens.step.passes_view import PassesView
from tui_trainer.screens.step.phase_view import PhaseView
from tui_trainer.screens.step.probe_view import ProbeView
from tui_trainer.screens.step.updates import UPDATES
from tui_trainer.session.going_on import STEP as LOOP
from tui_trainer.widgets.prediction_table import PredictionTable

DRAIN_SECONDS = 1 / 12


class StepScreen(StepFork, Exports):
    """The training cell by keypress."""

    NAME = "step"
    BINDINGS: ClassVar[list[BindingType]] = [export_binding(UPDATES)]
    HELP = """\
The training cell of the notebook, on your text. The model reads the tokens and gives, at each
position, a probability to every token that could come next (logits, then softmax). The loss is
the mean of -log p of the tokens that really come next (cross entropy). Backward finds the
gradient of the loss for every weight; optimizer.step moves each weight a little against it.

The text is that of Tokens and Predict too: w gives this screen one of its own.

space makes one update; watch the loss fall and p of the next token rise. A learning rate that
is too high makes the loss jump: R gives you the loaded weights back.

. runs the cell phase by phase: forward makes the logits and a graph of how they came about, loss
compares them with the labels, backward goes back through the graph and leaves a gradient for each
weight, optimizer.step moves the weights, zero_grad clears the gradients. F, L, B, S and Z run one
out of order: backward again without a step gives the same loss; a step without backward changes
nothing; without zero_grad the gradients add up, and their norm shows it.

'moved' counts the weights whose stored value changed: in bf16 a small step can round to nothing.
v opens the other views: the phases; and layer by layer which weights moved and their
update-to-weight ratio, the norm of the change over the norm of the weights before; and the probes.

Probes are up to five other strings (e edits them): what memorising one does to the rest. They are
measured when the model is loaded, and after an update only while their view is open.

u undoes an update: weights, optimizer, random numbers and count are those before it, bit for
bit. r makes it again. h says how much memory that may take, and so how far back you can go.

f forks: one update from the same weights, optimizer and random numbers at a third of the learning
rate, at it, and at three times it, side by side. Pick one and it is made, and its learning rate
stays; pick none and nothing has changed.

The loss before the update is what the training cell prints; the one after is a new forward pass.
x writes all that was done since the weights were loaded, here and by the loop of GSM8K, as a Python
script or a notebook in plain PyTorch: run it, and it prints the same losses. What was undone is not
in it.

Train mode turns dropout on, so the same text gives a different loss each time; eval mode turns
it off. A model without dropout gives the same in both, as the built-in one does. d sets some, and
opens the view in which the text goes through the same weights twice in each mode. Where the model
has no dropout modules it is that of the attention weights and, by a hook, of what each block adds
to the residual stream. It is this screen's: the loop of GSM8K trains with the model's own."""

    def body(self) -> Iterable[Widget]:
        yield from self.text_box()
        yield Static(id="facts")
        yield Static(id="settings")
        with Container(id="views"):
            yield self.chart
            yield PredictionTable(id="predictions")
            yield PhaseView(id="phases")
            yield MovedView(id="moved")
            yield ProbeView(id="probes")
            yield PassesView(id="passes")

    def on_mount(self) -> None:
        self.session.status_changed.subscribe(self, self._on_status)
        self.session.loop_changed.subscribe(self, self._on_loop)
        self.set_interval(DRAIN_SECONDS, self._drain)
        self._show_settings()

    def on_screen_resume(self) -> None:
        self._start_probes()
        self._follow()

    def _on_status(self, status: LearnerStatus) -> None:
        """The model changed: by an update here, by a loop, by a reload or a new load."""
        if self.losses.go_to(status.updates, can_redo=status.history.redo > 0):
            self.report = None
        self._show_settings()
        if self.is_current:
            if not status.updates:
                self._start_probes()
            self._follow()

    def _on_loop(self, change: LoopChanged) -> None:
        if change.name == LOOP:
            self._drain()
        elif self.is_current:
            self._predict()
