"""What GSM8K says of a run fits where it is said, and says no more than is so."""

import pytest
from textual.widgets import Static

from tests.fake_engine import FakeEngine
from tests.known import step_reports, the
from tests.pilot import Running, running, shown, until
from tui_trainer.app import TuiTrainer
from tui_trainer.protocol.events import LoopState
from tui_trainer.screens.gsm8k.happened import Happened
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.screens.gsm8k.words import describe_progress
from tui_trainer.settings.train import TrainSettings
from tui_trainer.widgets.run_clock import RunClock
from tui_trainer.words.diverging import diverges

NO_MEMORY = "There is not enough memory for this: " + "use smaller batches, " * 9 + "or a GPU."


def wide(engine: FakeEngine, *keys: str) -> Running:
    return running("escape", "5", *keys, size=(120, 40), engine=lambda progress: engine)


def happened(app: TuiTrainer) -> str:
    return str(app.screen.query_one(Happened).query_one(Static).content)


def test_a_run_that_is_over_has_no_time_left_and_its_line_fits_80_columns() -> None:
    (report, *_) = step_reports(FakeEngine([2.0] * 500).train(TrainSettings()))
    clock = RunClock()
    clock.step(0.1, 100)
    for state in LoopState:
        line = describe_progress(state, report, clock, 78, live=not state.is_over).plain
        assert len(line) <= 78
        assert ("left" in line) is not state.is_over


async def test_why_a_run_failed_is_told_to_its_end_with_its_sign() -> None:
    async with wide(FakeEngine([3.0, MemoryError(), 2.0]), "space") as (app, pilot):
        screen = the(Gsm8kScreen, app.screen)
        await until(pilot, lambda: screen.loop.said)
        screen.loop.said = NO_MEMORY
        screen.loop.show()
        await until(pilot, lambda: "✗ There is not enough" in shown(app))
        await until(pilot, lambda: "or a GPU." in shown(app))


async def test_what_happened_tells_of_the_beginning_and_of_pauses() -> None:
    engine = FakeEngine([3.0] * 4, gated=True)
    async with wide(engine) as (app, pilot):
        screen = the(Gsm8kScreen, app.screen)
        await until(pilot, lambda: happened(app).startswith("Nothing yet: space starts a run. "))
        engine.gate.release(2)
        for step in (1, 2):
            await pilot.press("full_stop")
            await until(
                pilot, lambda made: screen.report is not None and screen.report.step == made, step
            )
        await until(pilot, lambda: happened(app) == "   0:00  began: step 1 of 4, lr 1e-5")
        await pilot.press("space")
        await until(pilot, lambda: happened(app).split()[:3] == ["0:00", "▶", "running"])
        await pilot.press("space")
        engine.gate.release()
        await until(pilot, lambda: happened(app).split()[:3] == ["0:00", "⏸", "paused"])


async def test_a_loss_that_diverges_is_told_when_it_does_and_at_the_end() -> None:
    async with wide(FakeEngine([3.1, 40.0, 5069.0, 4336.0])) as (app, pilot):
        await pilot.press("space")
        await until(pilot, lambda: "■ finished" in happened(app))
        told = happened(app).splitlines()
        assert [line for line in told if "▲" in line] == [
            "   0:00  ▲ loss 40.0000 at step 2: it diverges: take a lower learning rate"
        ]
        assert told[-1] == "   0:00  began: step 1 of 4, lr 1e-5"
        assert any("checkpoint 4" in line for line in told)
        texts = [str(words.content) for words in app.screen.query(Static)]
        assert any("▲ It diverges: take a lower learning rate." in text for text in texts)


@pytest.mark.parametrize(
    ("first", "loss"), [(3.1, 9.0), (9.2, 25.0), (12.0, 30.0), (None, 99.0), (3.1, None)]
)
def test_a_loss_that_only_rises_or_that_nobody_knows_is_no_diverging_one(
    first: float | None, loss: float | None
) -> None:
    assert not diverges(first, loss)
