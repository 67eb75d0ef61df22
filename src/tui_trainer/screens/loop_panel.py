"""The panel over one of the worker's loops: what every screen that has one does with it."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from textual.content import Content

from tui_trainer.failures import Failure
from tui_trainer.protocol.events import LoopBegun, LoopChanged, LoopState
from tui_trainer.protocol.loop_reports import Report
from tui_trainer.protocol.request import LoopRequest
from tui_trainer.screens.dialogs.form import form_beside_usual
from tui_trainer.screens.dialogs.settings_form import SettingsForm
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.session.next_settings import NextSettings
from tui_trainer.terminal_text import visible

Settings = TypeVar("Settings")

DRAIN_SECONDS = 1 / 12


@dataclass(frozen=True)
class LoopWords:
    """Why a key cannot act on the loop, each a sentence of its screen."""

    none: str
    """There is no such loop: which key begins one."""
    begins: str = ""
    """It was asked for, and has not begun."""
    asked: Mapping[LoopState, str] = field(default_factory=dict)
    """It becomes that after the step that it makes."""


class LoopPanel:
    """Begins the loop of that name, stops it, takes in what it reports, and says what went wrong.

    The screen is given what was reported, and is asked to draw it where it can be seen: what the
    loop made belongs to the screen, or to its session.
    """

    def __init__(
        self,
        screen: WorkScreen,
        name: str,
        words: LoopWords,
        *,
        add: Callable[[list[Report]], None],
        show: Callable[[], None],
        changed: Callable[[LoopChanged], None],
        show_seconds: float = 0.0,
        adopt: Callable[[LoopRequest[Report]], Awaitable[None] | None] | None = None,
    ) -> None:
        """`add` gets all reports, oldest first; `show` draws them, at most every `show_seconds`;
        `changed` hears that the loop began, paused, went on or ended; `adopt` makes room for one
        that this view has not begun, without which its reports are not taken in."""
        self._screen, self._session = screen, screen.session
        self.name, self._words = name, words
        self.show = show
        self._add, self._changed = add, changed
        self._show_seconds, self._adopts = show_seconds, adopt
        self._shown_at = 0.0
        self._is_beginning = False
        self.waits = False
        """Whether something was reported that is not on show yet."""
        self.said = ""
        """Why none began, or why the last one failed; it stays until the next one."""

    def follow(self) -> None:
        """From when the screen is there: hear of the loop."""
        self._session.loop_changed.subscribe(self._screen, self._hear)
        self._session.others.loop_begun.subscribe(self._screen, self._hear_begun)
        if (request := self._session.others.begun.get(self.name)) is not None:
            self._adopt(request)
        self._screen.set_interval(DRAIN_SECONDS, self._tick)

    # What is asked of the loop

    @property
    def is_live(self) -> bool:
        """Whether it is being begun, runs, or is paused."""
        return self._session.is_live(self.name)

    @property
    def is_running(self) -> bool:
        return self._session.is_running(self.name)

    @property
    def will_run(self) -> bool:
        """Whether it runs once what it was asked for is done."""
        asked = self._session.pending.state_of(self.name)
        return self.is_running if asked is None else asked is LoopState.RUNNING

    def play(self, playing: bool, steps: int = 0) -> None:
        """Go on, for so many `steps` or to the end, or pause after the step that it makes."""
        self._session.play(self.name, playing, steps)

    async def begin(
        self,
        request: LoopRequest[Report],
        *,
        playing: bool = True,
        on_failure: Callable[[Failure], None] | None = None,
    ) -> bool:
        """Begin it; False where it does not begin, which the user was told: in `said`, or by
        `on_failure`."""
        self.drain()
        self._is_beginning = True
        try:
            return await self._session.start_loop(
                self.name, request, playing=playing, on_failure=on_failure or self.refuse
            )
        finally:
            self._is_beginning = False

    def refuse(self, failure: Failure) -> None:
        """Why none began; what was on show stays."""
        self.said = self._session.sentence_of(failure)
        self.show()

    def pause_training(self) -> None:
        """Pause what changes the weights, for a loop that cannot be beside it."""
        if paused := self._session.pause_training():
            self._screen.notify(
                f"{paused} is paused: go on with it there afterwards.", markup=False
            )

    def begins(self) -> bool:
        """Whether it was asked for and has not begun; then the user is told."""
        begins = self._session.is_starting(self.name)
        if begins:
            self._screen.excuse(self._words.begins)
        return begins

    def is_asked_already(self) -> bool:
        """Whether it becomes something else after its step; then the user is told."""
        asked = self._session.pending.state_of(self.name)
        if asked is None or asked not in self._words.asked:
            return False
        self._screen.excuse(self._words.asked[asked])
        return True

    def can_stop(self) -> bool:
        """Whether there is one that does not stop already; else the user is told."""
        if not self.is_live:
            self._screen.notify(self._words.none, markup=False)
            return False
        return not self.is_asked_already()

    def stop(self) -> None:
        if self.can_stop():
            self._session.stop_loop(self.name)

    async def ask_settings(
        self,
        heading: str,
        following: NextSettings[Settings],
        cost: Callable[[Settings], str],
        at: str,
    ) -> bool:
        """Have the settings of the next one typed, with what they cost in words, the cursor `at`
        one of them; False where the user leaves them."""

        async def told(typed: Settings) -> Content:
            return Content(cost(typed))

        form = form_beside_usual(heading, following.suggested)
        choice, usual = self._session.choice, self._session.configuration
        updates = self._session.updates
        dialog = SettingsForm(form, following.settings, choice, told, usual, at, updates)
        typed = await self._screen.app.push_screen_wait(dialog)
        if typed is not None:
            following.change(typed)
        return typed is not None

    # What is heard of it

    def drain(self) -> None:
        """Take in what was reported; while one begins that is left for after it has."""
        if not self._is_beginning and (reports := self._session.drain(self.name)):
            self.waits = True
            if self._adopts is not None or self.name not in self._session.others.begun:
                self._add(reports)

    def _hear_begun(self, begun: LoopBegun) -> None:
        if begun.name == self.name:
            self._adopt(begun.request)

    def _adopt(self, request: LoopRequest[Report]) -> None:
        """Make room for a loop that goes already; what it reports meanwhile waits."""
        if self._adopts is not None:
            self._is_beginning = True
            self._screen.run_worker(self._make_room(self._adopts(request)))

    async def _make_room(self, room: Awaitable[None] | None) -> None:
        try:
            if room is not None:
                await room
        finally:
            self._is_beginning = False
        self.drain()
        self.show()

    def was_shown(self) -> None:
        """All that was reported is on show."""
        self.waits, self._shown_at = False, time.monotonic()

    def show_soon(self) -> None:
        """What was reported is waited for: it does not rest until it is drawn."""
        self._shown_at = 0.0

    def _tick(self) -> None:
        self.drain()
        is_due = time.monotonic() - self._shown_at >= self._show_seconds
        if self.waits and is_due and self._screen.is_current:
            self.show()

    def _hear(self, change: LoopChanged) -> None:
        if change.name == self.name:
            self.drain()
            self.said = "" if change.failure is None else visible(change.failure.sentence)
            self._changed(change)
