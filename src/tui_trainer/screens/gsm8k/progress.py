"""The line that tells how far the run on show is, and what is waited for."""

from collections.abc import Callable

from textual.content import Content
from textual.widgets import Static

from tui_trainer.protocol.events import LoopState
from tui_trainer.protocol.keeping import Save
from tui_trainer.protocol.loop_names import GSM8K as LOOP
from tui_trainer.screens.gsm8k.run_on_show import RunOnShow
from tui_trainer.screens.gsm8k.words import (
    describe_asked,
    describe_first_step,
    describe_progress,
    describe_saved,
)
from tui_trainer.session.session import Session
from tui_trainer.words.memory import describe_need
from tui_trainer.words.parts import describe_part

CLOCK_SECONDS = 1 / 12
STARTS = "space starts the run; . makes one step"
SCORES_FIRST = "; e first, to compare scores after it"


class RunProgress(Static):
    """It counts the seconds of a step, and of what waits for that, where they are told."""

    def __init__(self, session: Session, run: RunOnShow, starting: Callable[[], str]) -> None:
        """`starting` tells of a run that was asked for and has not begun; else it is empty."""
        super().__init__(id="progress")
        self._session, self._run, self._starting = session, run, starting
        self._line = Content("")
        self.had_clock = False
        """Whether it tells of what may be over when it is next looked at."""

    def on_mount(self) -> None:
        self.set_interval(CLOCK_SECONDS, self._tick)

    def _tick(self) -> None:
        if self.screen.is_current and (self.had_clock or self._has_clock):
            self.tell()

    def tell(self) -> None:
        """How far the run is now."""
        self.had_clock = self._has_clock
        if not (line := self._describe()).is_same(self._line):
            self._line = line
            self.update(line, layout=False)

    @property
    def _has_clock(self) -> bool:
        """Whether the line counts seconds, though no step comes."""
        is_first = self._run.report is None and self._session.is_live(LOOP)
        return is_first or bool(self._starting() or self._describe_asked())

    def _describe_asked(self) -> str:
        pending = self._session.pending
        return describe_asked(
            pending.state_of(LOOP),
            pending.steps_of(LOOP),
            self._session.step_seconds(LOOP),
            saving=pending.has(Save.doing),
        )

    def _describe_part(self) -> str:
        """How far a measurement between two steps is."""
        return "" if self._run.part is None else describe_part(self._run.part)

    def _describe_need(self) -> str:
        return "" if self._run.estimate is None else describe_need(self._run.estimate)

    def _describe(self) -> Content:
        run, live = self._run, self._session.is_live(LOOP)
        state = self._session.loops.get(LOOP, LoopState.STOPPED)
        if starting := self._starting():
            return Content(starting)
        if run.report is not None:
            return describe_progress(
                state,
                run.report,
                run.clock,
                self.content_size.width,
                live=live,
                asked=self._describe_asked() or self._describe_part(),
                saved=describe_saved(self._session.saved),
            )
        if not live:
            return Content(STARTS if self._session.evaluations.ended else f"{STARTS}{SCORES_FIRST}")
        return describe_first_step(
            state,
            run.resumed_at + 1,
            self._session.step_seconds(LOOP),
            self._describe_asked() or self._describe_part() or self._describe_need(),
        )
