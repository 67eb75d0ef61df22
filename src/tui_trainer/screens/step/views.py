"""The views of Step: one of them is open, and follows the weights as they are now."""

import time
from collections.abc import Callable

from textual import work
from textual.app import ComposeResult
from textual.containers import Container
from textual.reactive import var
from textual.timer import Timer
from textual.widgets import Static

from tui_trainer.protocol.loop_names import GSM8K, STEP
from tui_trainer.screens.step.moved_view import MovedView
from tui_trainer.screens.step.passes_view import PassesView
from tui_trainer.screens.step.phase_view import PhaseView
from tui_trainer.screens.step.prediction_view import FOLLOW_SECONDS, PredictionView
from tui_trainer.screens.step.probe_view import ProbeView
from tui_trainer.session.session import Session

PREDICTIONS, PHASES, MOVED, PROBES, PASSES = VIEWS = (
    "predictions",
    "phases",
    "moved",
    "probes",
    "passes",
)
TYPING_RESTS = 0.15  # seconds


class Views(Container):
    """What stands above them all, which is put in, and below it the view that is open.

    Only the open view asks the engine for what it shows: a closed one costs an update nothing.
    The predictions are the exception, since the lines of facts are theirs.
    """

    current: var[str] = var(PREDICTIONS)

    def __init__(
        self, session: Session, text: Callable[[], str], facts: Static, *, id: str
    ) -> None:
        """`text` is the one that is trained on, as it is then; `facts` tells of it."""
        super().__init__(id=id)
        self._session = session
        self.predictions = PredictionView(session, text, facts, id=PREDICTIONS)
        self.phases = PhaseView(session, id=PHASES)
        self.probes = ProbeView(session, id=PROBES)
        self._others = {
            PHASES: self.phases,
            MOVED: MovedView(session, id=MOVED),
            PROBES: self.probes,
            PASSES: PassesView(session, text, id=PASSES),
        }
        self._read_at = 0.0
        self._typed: Timer | None = None

    def compose(self) -> ComposeResult:
        yield self.predictions
        yield from self._others.values()

    def open_next(self) -> None:
        self.current = VIEWS[(VIEWS.index(self.current) + 1) % len(VIEWS)]

    def watch_current(self) -> None:
        if not self.is_mounted:
            return
        for view in (self.predictions, *self._others.values()):
            view.display = view.id == self.current
        self.set_class(self.current != PREDICTIONS, "-beside")
        self._read_at = 0.0
        self.follow()

    def follow(self) -> None:
        """Show the weights as they are now; no faster than a loop allows."""
        self.predictions.follow()
        training = self._session.is_running(GSM8K) or self._session.is_running(STEP)
        if not training or time.monotonic() - self._read_at >= FOLLOW_SECONDS:
            self._read_at = time.monotonic()
            self.read()

    def follow_text(self) -> None:
        """The text is another one: read it once the typing rests."""
        if self._typed is not None:
            self._typed.stop()
        self._typed = self.set_timer(TYPING_RESTS, self._read_text)

    def _read_text(self) -> None:
        self.predictions.predict()
        if self.current == PASSES:
            self.read()

    def read(self) -> None:
        """Have the open view ask for what it shows, whoever is held up by it."""
        if self.current in self._others and self._session.status is not None:
            self._read(self._others[self.current])

    @work(exclusive=True)
    async def _read(self, view: PhaseView | MovedView | ProbeView | PassesView) -> None:
        await view.read()
