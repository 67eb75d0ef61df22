"""A chart's keys on each screen that has one: from the screen, or where they mean something else
there once the chart has the focus."""

import pytest

from tests.at_length import first_is_quick
from tests.fake_engine import FakeEngine
from tests.pilot import Running, running, shown, until
from tests.runs_on_disk import write_run
from tests.screens.test_step import press_updates, step_screen
from tui_trainer.screens.loss.screen import LossScreen
from tui_trainer.screens.runs.screen import RunsScreen
from tui_trainer.widgets.chart.cross_entropy_curve import CrossEntropyCurve
from tui_trainer.widgets.chart.overlay_chart import OverlayChart
from tui_trainer.widgets.line_table import LineTable


def opened(key: str, size: tuple[int, int] = (120, 40)) -> Running:
    return running("escape", key, size=size, engine=lambda progress: FakeEngine())


async def test_on_step_they_work_from_the_screen_and_from_its_tables() -> None:
    async with opened("4") as (app, pilot):
        await press_updates(app, pilot, 4)
        screen = step_screen(app)
        await pilot.press("left", "left", "left")
        await until(pilot, lambda: "─ loss (nats)  update 2  loss" in shown(app))
        assert screen._norms.view == screen.chart.view
        screen.query_one("#positions", LineTable).focus()
        await pilot.press("right", "plus")
        await until(pilot, lambda: screen.chart.view.cross == 3 and screen.chart.view.part)
        await pilot.press("0", "escape")
        await until(pilot, lambda: screen.chart.view.cross is None and not screen.chart.view.part)


async def test_a_step_whose_number_is_typed_is_read_exactly_however_long_the_run() -> None:
    write_run("2026-01-02-builtin-1", [4.0 - n / 1000 for n in range(2000)])
    async with opened("6", (80, 24)) as (app, pilot):
        chart = app.screen.query_one(OverlayChart)
        await until(pilot, lambda: chart.has_curve)
        await pilot.press("number_sign")
        await until(pilot, lambda: "Which step to read, from 1 to 2,000" in shown(app))
        await pilot.press("ctrl+a", "ctrl+k", *"2001", "enter")
        await until(pilot, lambda: "Type a step from 1 to 2,000." in shown(app))
        await pilot.press("ctrl+a", "ctrl+k", *"1,234", "enter")
        await until(pilot, lambda: chart.view.cross == 1234)
        await until(pilot, lambda: "step 1,234" in shown(app))


async def test_on_step_w_is_the_texts_until_the_chart_has_the_focus() -> None:
    async with opened("4") as (app, pilot):
        await press_updates(app, pilot, 4)
        screen = step_screen(app)
        await pilot.press("w")
        await until(pilot, lambda: screen.keeps_own)
        assert "w follow" not in shown(app)
        for _ in screen.focus_chain:
            if screen.focused is not screen.chart:
                await pilot.press("tab")
        await until(pilot, lambda: "w follow" in shown(app))
        await pilot.press("w")
        await until(pilot, lambda: screen.chart.view.follows is not None)
        assert screen.keeps_own
        await pilot.press("escape")
        await until(pilot, lambda: screen.focused is None)


async def test_on_step_escape_leaves_the_text_before_it_leaves_the_chart() -> None:
    async with opened("4") as (app, pilot):
        await press_updates(app, pilot, 2)
        screen = step_screen(app)
        await pilot.press("left", "enter")
        await until(pilot, lambda: screen.focused is not None)
        await pilot.press("escape")
        await until(pilot, lambda: screen.focused is None)
        assert screen.chart.view.cross == 2
        await pilot.press("escape")
        await until(pilot, lambda: screen.chart.view.cross is None)


async def test_on_runs_they_work_while_the_list_has_the_focus() -> None:
    for n in (1, 2):
        write_run(f"2026-01-02-builtin-{n}")
    async with opened("6") as (app, pilot):
        screen = app.screen
        assert isinstance(screen, RunsScreen)
        await until(pilot, lambda: screen.chart.has_curve)
        table = screen.query_one(LineTable)
        await pilot.press("left")
        await until(pilot, lambda: screen.chart.view.cross is not None)
        assert table.has_focus and table.cursor == 0
        await pilot.press("plus")
        await until(pilot, lambda: screen.chart.view.part is not None)
        await pilot.press("w", "down", "escape")
        await until(pilot, lambda: screen.chart.view.cross is None and table.cursor == 1)
        assert screen.chart.view.follows is not None


@pytest.mark.parametrize("size", first_is_quick((80, 24), (120, 40)))
async def test_on_loss_they_are_the_charts_once_it_has_the_focus(size: tuple[int, int]) -> None:
    async with opened("3", size) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, LossScreen)
        await until(pilot, lambda: screen.report is not None)
        curve = screen.query_one(CrossEntropyCurve)
        logits = screen.shown.logits
        await pilot.press("tab", "left", "left")
        await until(pilot, lambda: "-log p 0." in shown(app).replace("0.0000", ""))
        assert screen.shown.logits == logits
        assert "← → read" in shown(app).splitlines()[-1]
        await pilot.press("plus")
        await until(pilot, lambda: curve.view.part is not None)
        await pilot.press("escape", "escape", "plus")
        await until(pilot, lambda: screen.shown.logits != logits)
        assert "← → read" not in shown(app).splitlines()[-1]


async def test_at_80_columns_how_a_chart_is_read_is_beside_its_title() -> None:
    async with opened("5", (80, 24)) as (app, pilot):
        await until(pilot, lambda: "── loss (nats) ──" in shown(app))
        await pilot.press("full_stop")
        await until(pilot, lambda: "── loss (nats)  ← → read ──" in shown(app))
        await pilot.press("left")
        await until(pilot, lambda: "← → read ─" in shown(app) and "step 1  loss" in shown(app))
