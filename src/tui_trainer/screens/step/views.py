"""The views of Step: those that are on show follow the weights as they are now."""

import time
from collections.abc import Callable

from textual import work
from textual.containers import Container
from textual.reactive import var
from textual.timer import Timer
from textual.widget import Widget

from tui_trainer.protocol.loop_names import GSM8K, STEP
from tui_trainer.protocol.updates import ReadViews
from tui_trainer.reports.phases import PhaseReport
from tui_trainer.reports.step_views import StepViews
from tui_trainer.screens.step.moved_view import MovedView
from tui_trainer.screens.step.passes_view import PassesView
from tui_trainer.screens.step.phase_view import PhaseView
from tui_trainer.screens.step.prediction_view import FOLLOW_SECONDS, PredictionView
from tui_trainer.screens.step.probe_view import ProbeView
from tui_trainer.screens.step.update_losses import UpdateLosses
from tui_trainer.screens.step.view import View
from tui_trainer.session.session import Session
from tui_trainer.widgets.dimmed import dimmed

PREDICTIONS, PHASES, MOVED, PROBES, PASSES = VIEWS = (
    "predictions",
    "phases",
    "moved",
    "probes",
    "passes",
)
TYPING_RESTS = 0.15  # seconds
READ_SHARE = 10
"""What is measured rests so many times as long as it took: updates lose a tenth to it at most."""
REST_AT_MOST = 1.0  # seconds, where no loop trains


class Views(Container):
    """All that Step shows, and what of it is measured by the engine.

    `current` is the one that a narrow terminal has room for, and that a wide one makes large;
    with `PREDICTIONS` a wide one shows them all. The stylesheet says what is on show. That is asked
    for in one request, and a view that is not on show costs an update nothing.
    """

    current: var[str] = var(PREDICTIONS)

    def __init__(
        self,
        session: Session,
        text: Callable[[], str],
        made: UpdateLosses,
        *,
        facts: tuple[Widget, ...],
        waiting: Callable[[], int],
        id: str,
        classes: str,
    ) -> None:
        """`text` is the one that is trained on, as it is then; `made` is what is kept of the
        updates; `facts` are as old as the predictions; `waiting` tells how many updates are asked
        for and not made."""
        super().__init__(id=id, classes=classes)
        self._session, self._text, self._waiting = session, text, waiting
        self.predictions = PredictionView(session, text, made, facts, id=PREDICTIONS)
        self.phases = PhaseView(session, id=PHASES)
        self.moved = MovedView(made.norms, id=MOVED)
        self.probes = ProbeView(session, id=PROBES)
        self.passes = PassesView(id=PASSES)
        self._read_at = 0.0
        self._read_seconds = 0.0
        self._due: Timer | None = None
        self._typed: Timer | None = None

    # Which are on show

    def open(self, name: str) -> None:
        """Have that view on show, if it is not already."""
        if not self.query_one(f"#{name}").is_on_screen:
            self.current = name

    def open_next(self) -> None:
        self.current = VIEWS[(VIEWS.index(self.current) + 1) % len(VIEWS)]

    def watch_current(self, before: str, now: str) -> None:
        self.remove_class(f"-at-{before}")
        self.add_class(f"-at-{now}")
        self._place_norms(now)

    def _place_norms(self, current: str) -> None:
        """The chart of the gradient norms is beside that of the losses, or below what is large."""
        column, norms = self.probes.parent, self.query_one_optional("#norms")
        if norms is None or not isinstance(column, Widget):  # while it is being composed
            return
        if current in (PROBES, PASSES):
            column.move_child(norms, after=self.passes)
        else:
            column.move_child(norms, before=self.probes)

    def on_view_opened(self, event: View.Opened) -> None:
        """It is asked for at once, whoever made the others rest."""
        event.stop()
        if event.view is not self.predictions:
            self.read()

    @property
    def _measured(self) -> tuple[View, ...]:
        """Those on show that ask the engine."""
        views = self.phases, self.moved, self.probes, self.passes
        return tuple(view for view in views if view.is_on_screen)

    # What they show

    def follow(self) -> None:
        """Show the weights as they are now; what is measured as soon as updates leave time for
        it."""
        self.predictions.follow()
        self._read_when_due()

    def _read_when_due(self) -> None:
        if self._due is not None:
            self._due.stop()
        if self._waiting() or not self.screen.is_current:  # whatever ends that calls this again
            return
        rest = self._read_at + self._rest_seconds - time.monotonic()
        if rest > 0:
            self._due = self.set_timer(rest, self._read_when_due)
        else:
            self.read()

    @property
    def _rest_seconds(self) -> float:
        rest = READ_SHARE * self._read_seconds
        if self._session.is_running(GSM8K) or self._session.is_running(STEP):
            return max(FOLLOW_SECONDS, rest)
        return min(REST_AT_MOST, rest)

    def follow_text(self) -> None:
        """The text is another one: read it once the typing rests."""
        if self._typed is not None:
            self._typed.stop()
        self._typed = self.set_timer(TYPING_RESTS, self._read_text)

    def _read_text(self) -> None:
        self.predictions.predict()
        if self.passes.is_on_screen:
            self.read()

    @work(exclusive=True, group="views")
    async def read(self) -> None:
        """Ask for what the views on show have to tell, all of it at once."""
        views = self._measured
        if not views or self._session.status is None:
            return
        self._read_at = time.monotonic()
        text = self._text()
        request = ReadViews(
            phases=self.phases in views,
            moved=self.moved in views,
            probes=self.probes.texts if self.probes in views else None,
            passes=text if self.passes in views else None,
        )
        with dimmed(*views, following=self._session.is_running(GSM8K)):
            told = await self._session.ask(request)
        if told is not None:
            self._read_at, self._read_seconds = time.monotonic(), told.seconds
            self._show(told, text)

    def _show(self, told: StepViews, text: str) -> None:
        if told.phases is not None:
            self.show_phases(told.phases)
        if told.moved is not None:
            self.moved.show(told.moved)
        if told.probes is not None:
            self.probes.show(told.probes)
        if text != self._text():
            return
        if told.passes is not None:
            self.passes.show(told.passes)
        elif told.refused:
            self.passes.refuse(told.refused)

    def show_phases(self, report: PhaseReport) -> None:
        """A phase ran, or was undone."""
        self.phases.show(report)
        self.moved.show_gradients(report)
