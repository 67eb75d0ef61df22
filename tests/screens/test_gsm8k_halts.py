"""GSM8K where the loop cannot go on by itself: it pauses, says why, and goes on when told to."""

import math
from dataclasses import replace

from tests.fake_engine import FakeEngine
from tests.pilot import running, shown, until
from tui_trainer.app import TuiTrainer
from tui_trainer.protocol.events import LoopState
from tui_trainer.reports.loop import HaltReport

WHY = (
    "Step 2 is not applied: the loss is nan, at item 1. The weights are as before it. Going on "
    "(by command --skip-not-finite) leaves it out; if others follow, go back to a checkpoint, with "
    "a lower learning rate."
)


def state(app: TuiTrainer) -> LoopState | None:
    return app.session.loops.get("gsm8k")


def words(app: TuiTrainer) -> str:
    """The text of the screen, whatever line it is on."""
    return " ".join(shown(app).split())


def halting_at_2() -> FakeEngine:
    return FakeEngine(
        [3.0, math.nan, 2.0], between=lambda step: (HaltReport(2, WHY),) if step == 1 else ()
    )


async def test_it_pauses_tells_why_in_full_and_space_goes_on() -> None:
    async with running("escape", "5", engine=lambda progress: halting_at_2()) as (app, pilot):
        await pilot.press("space")
        await until(pilot, lambda: state(app) is LoopState.PAUSED)
        await until(pilot, lambda: WHY in words(app))
        app.clear_notifications()  # which lie over what is told at the end
        await pilot.press("space")
        await until(pilot, lambda: state(app) is LoopState.FINISHED)
        await until(pilot, lambda: " without the 1 that are not finite." in words(app))


async def test_the_best_of_none_is_none() -> None:
    engine = FakeEngine([math.nan], change=lambda report: replace(report, best=None, worst=None))
    async with running("escape", "5", engine=lambda progress: engine) as (app, pilot):
        await pilot.press("space")
        await until(pilot, lambda: state(app) is LoopState.FINISHED)
        for view in ("best", "worst"):
            await pilot.press("V")
            await until(
                pilot, lambda view: f"{view} so far: no loss was finite" in shown(app), view
            )
