"""The panel over a loop: refusals, failures, what is reported while nobody looks, and its pace."""

from collections.abc import Iterable
from typing import cast

from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Static

from tests.fake_engine import FakeEngine
from tests.pilot import running, until
from tui_trainer.app import TuiTrainer
from tui_trainer.errors import InputError
from tui_trainer.protocol.events import LoopChanged, LoopState
from tui_trainer.protocol.loop_names import GSM8K
from tui_trainer.protocol.loop_reports import Report
from tui_trainer.protocol.loops import Train
from tui_trainer.reports.steps import StepReport
from tui_trainer.screens.loop_panel import LoopPanel, LoopWords
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.session.session import Session
from tui_trainer.settings.train import TrainSettings

TRAIN = Train(TrainSettings(items=3))
NONE = "No loop here."


class PanelScreen(WorkScreen):
    """Nothing but a panel, and what it was given."""

    def __init__(self, session: Session, show_seconds: float = 0.0) -> None:
        super().__init__(session)
        self.steps: list[int] = []
        self.drawn: list[int] = []
        self.states: list[LoopState] = []
        self.panel = LoopPanel(
            self,
            GSM8K,
            LoopWords(none=NONE, asked={LoopState.PAUSED: "It pauses."}),
            add=self._add,
            show=self._draw,
            changed=self._change,
            show_seconds=show_seconds,
        )

    def body(self) -> Iterable[Widget]:
        yield Static()

    def on_mount(self) -> None:
        self.panel.follow()

    def _add(self, reports: list[Report]) -> None:
        self.steps += [report.step for report in reports if isinstance(report, StepReport)]

    def _draw(self) -> None:
        self.drawn = [*self.steps]
        self.panel.was_shown()

    def _change(self, change: LoopChanged) -> None:
        self.states.append(change.state)


async def opened(app: TuiTrainer, pilot: Pilot[int], show_seconds: float = 0.0) -> PanelScreen:
    await app.push_screen(PanelScreen(app.session, show_seconds))
    await pilot.pause()
    return cast(PanelScreen, app.screen)


async def test_why_none_began_and_why_one_failed_stays_until_the_next_begins() -> None:
    engine = FakeEngine([3.0, InputError("The disk is full."), 2.0, 1.0])
    async with running(engine=lambda _: engine) as (app, pilot):
        screen = await opened(app, pilot)
        panel = screen.panel
        engine._refuse = InputError("no\x1bwhere has no item.")
        assert not await panel.begin(TRAIN)
        assert panel.said == "no␛where has no item."
        engine._refuse = None
        assert await panel.begin(TRAIN)
        await until(pilot, lambda: LoopState.FAILED in screen.states)
        assert panel.said == "The disk is full."
        assert screen.steps == [1]
        assert await panel.begin(TRAIN, playing=False)
        await until(pilot, lambda: screen.states[-1] is LoopState.PAUSED)
        assert panel.said == ""


async def test_what_is_reported_under_another_screen_or_too_soon_is_drawn_once_it_may_be() -> None:
    engine = FakeEngine([3.0, 2.0, 1.0], gated=True)
    async with running(engine=lambda _: engine) as (app, pilot):
        screen = await opened(app, pilot, show_seconds=1000.0)
        panel = screen.panel
        assert await panel.begin(TRAIN)
        engine.gate.release()
        await until(pilot, lambda: screen.drawn == [1])
        engine.gate.release()
        await until(pilot, lambda: screen.steps == [1, 2])
        assert panel.waits
        assert screen.drawn == [1]
        await app.switch_mode("loss")
        panel.show_soon()
        engine.gate.release()
        await until(pilot, lambda: screen.states[-1] is LoopState.FINISHED)
        assert screen.steps == [1, 2, 3]
        assert screen.drawn == [1]
        await app.switch_mode("tokens")
        await until(pilot, lambda: screen.drawn == [1, 2, 3])
        assert not panel.waits


async def test_a_key_that_cannot_act_says_so_and_asks_for_nothing() -> None:
    engine = FakeEngine([3.0, 2.0, 1.0], gated=True)
    async with running(engine=lambda _: engine) as (app, pilot):
        panel = (await opened(app, pilot)).panel
        panel.stop()
        await until(pilot, lambda: [note.message for note in app._notifications] == [NONE])
        assert await panel.begin(TRAIN)
        await until(pilot, lambda: panel.is_running)
        panel.play(False)
        assert panel.is_asked_already()
        panel.stop()
        assert app.session.pending.state_of(GSM8K) is LoopState.PAUSED
        engine.gate.release(3)
        await until(pilot, lambda: not panel.is_running)
        assert not panel.is_asked_already()
        panel.stop()
        await until(pilot, lambda: not panel.is_live)
