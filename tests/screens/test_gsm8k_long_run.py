"""A run of a million steps on GSM8K: what the screen holds of it."""

import gc
import tracemalloc
from dataclasses import replace

import pytest

from tests.fake_engine import FakeEngine
from tests.pilot import running, shown, until
from tui_trainer.app import TuiTrainer
from tui_trainer.reports.loop import LoopReport, ValidationReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.series import BUCKETS_AT_MOST, FIELDS
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.widgets.chart.loss_chart import LossChart

STEPS = 1_000_000
A_VALIDATION = ValidationReport(0, 8, 2.0, 2.0, 2.0, 90, 90, False, 0.1)


async def long_run(app: TuiTrainer, first: StepReport, start: int, end: int) -> None:
    """Let the screen take in the steps from `start` to `end`, with a measurement now and then."""
    screen = app.screen
    assert isinstance(screen, Gsm8kScreen)
    for step in range(start, end + 1):
        report: LoopReport = replace(first, step=step, steps=STEPS, loss=1 + step % 7 / 10)
        screen.add(report)
        if step % 50 == 0:
            screen.add(replace(A_VALIDATION, step=step))


@pytest.mark.long
async def test_what_the_screen_holds_does_not_grow_from_16_000_steps_to_40_000() -> None:
    """All that Python allocates is counted: the series, the clock, the session, the guide."""
    engine = FakeEngine([3.0], seconds=0.01)
    async with running("escape", "5", engine=lambda _: engine, size=(120, 40)) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, Gsm8kScreen)
        await pilot.press("full_stop")
        await until(pilot, lambda: screen.report is not None)
        assert screen.report is not None
        first = replace(screen.report, run="a-run", checkpoint=None)
        await long_run(app, first, 2, 8_000)
        tracemalloc.start()
        await long_run(app, first, 8_001, 16_000)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        await long_run(app, first, 16_001, 40_000)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        charts = len(screen.wall.panels)
        # Each has a level or two more; 24,000 reports would be 8 MB, a number of each 2 MB
        assert grown < charts * 2 * 8 * FIELDS * BUCKETS_AT_MOST, (grown, charts)
        chart = screen.query_one(LossChart)
        assert len(chart.series) == 40_000
        assert len(chart.series.reduced(STEPS)) <= BUCKETS_AT_MOST
        assert len(chart.validation.reduced(STEPS)) <= BUCKETS_AT_MOST
        screen.loop.show()  # the worker tells of none of these, and so has none of them drawn
        await until(pilot, lambda: "40,000/1,000,000" in shown(app))
