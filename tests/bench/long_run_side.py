"""The side that holds a run of a million steps on screen; no model, since none is needed."""

import asyncio
import gc
import statistics
import time
from dataclasses import replace

import psutil

from tests.bench.loop_sides import app_on_gsm8k
from tests.fake_engine import FakeEngine
from tui_trainer.reports.steps import StepReport
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.worker import in_this_process

LOOKED_AT = 100_000, 1_000_000
ROUND = 1_000
"""Steps that the screen takes in before the app's other tasks have their turn."""
DRAWINGS = 20


def long_run() -> tuple[float, ...]:
    """Bytes of the process and seconds of a drawing, after 100,000 and after 1,000,000 steps."""
    return asyncio.run(_long_run())


async def _long_run() -> tuple[float, ...]:
    engine = FakeEngine([3.0], seconds=0.05)
    async with app_on_gsm8k(in_this_process(lambda _: engine)) as (_, pilot, screen):
        await pilot.press("full_stop")
        while screen.report is None:
            await asyncio.sleep(0.01)
        first, made = screen.report, 1
        found: list[float] = []
        for steps in LOOKED_AT:
            while made < steps:
                made = _take(screen, first, made, min(steps, made + ROUND))
                await asyncio.sleep(0)
            gc.collect()
            found += [float(psutil.Process().memory_info().rss), _drawing_seconds(screen)]
        return tuple(found)


def _take(screen: Gsm8kScreen, first: StepReport, made: int, upto: int) -> int:
    """Let the screen take in the steps after `made`, as it does what the worker reports."""
    for step in range(made + 1, upto + 1):
        screen.add(replace(first, step=step, steps=LOOKED_AT[-1], loss=1 + step % 7 / 10))
    return upto


def _drawing_seconds(screen: Gsm8kScreen) -> float:
    """Of all that a redraw changes: the lines of figures, the item, and the wall of charts."""
    charts, times = [panel.chart for panel in screen.wall.panels if panel.display], []
    for _ in range(DRAWINGS):
        began = time.thread_time()
        screen._show_all()
        for chart in charts:
            chart.grow_stale()
            for y in range(chart.size.height):
                chart.render_line(y)
        times.append(time.thread_time() - began)
    return statistics.median(times)
