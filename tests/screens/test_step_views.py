"""The views of Step beside its predictions: they follow the weights, and only while open."""

import pytest

from tests.fake_engine import FakeEngine
from tests.pilot import running, shown, until
from tests.screens.test_step import press_updates, step_screen
from tui_trainer.engine.moved_reports import MovedReport
from tui_trainer.screens.moved_view import MovedView, short


async def open_view(app, pilot, view: str) -> None:
    while step_screen(app).view != view:
        await pilot.press("v")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_which_weights_moved_by_key(size) -> None:
    async with running("escape", "4", size=size) as (app, pilot):
        await open_view(app, pilot, "moved")
        view = step_screen(app).query_one(MovedView)
        await until(pilot, lambda: view.report is not None)
        assert "space makes an update" in shown(app)
        await press_updates(app, pilot, 2)
        await until(pilot, lambda: view.report.update == 2)
        report, total = step_screen(app).report, view.report.total
        assert total.moved == report.moved
        screen = shown(app)
        assert f"Update 2 changed {report.moved:,} of {report.parameters:,}" in screen
        first = view.report.layers[0]
        row = next(line for line in screen.splitlines() if "embed_tokens" in line)
        assert row.split()[1:3] == [f"{first.parameters:,}", f"{first.moved:,}"]
        assert short(first.ratio) in row
        assert ("█" in row) == (size[0] == 120)
        last = next(line for line in screen.splitlines() if line.lstrip("▶ ").startswith("all "))
        assert f"{total.moved:,}" in last
        await pilot.press("u")
        await until(pilot, lambda: "Update 1 changed" in shown(app))
        await pilot.press("R")
        await until(pilot, lambda: "These are the loaded weights" in shown(app))


async def test_a_closed_view_asks_for_nothing() -> None:
    class CountingEngine(FakeEngine):
        asked = 0

        def moved(self) -> MovedReport:
            self.asked += 1
            return super().moved()

    engine = CountingEngine()
    async with running("escape", "4", engine=lambda _: engine) as (app, pilot):
        await press_updates(app, pilot, 2)
        assert engine.asked == 0
        await open_view(app, pilot, "moved")
        await until(pilot, lambda: engine.asked == 1)
        before = engine.asked
        await press_updates(app, pilot, 1)
        await until(pilot, lambda: engine.asked == before + 1)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (None, "—"),
        (0.0, "0.00"),
        (1.23456e-5, "1.23e-5"),
        (0.00015, "1.50e-4"),
        (0.00906, "0.00906"),
        (12.345, "12.3"),
        (307.61, "308"),
        (1234.5, "1.23e3"),
    ],
)
def test_numbers_of_a_layer_fit_their_columns(number, expected: str) -> None:
    assert short(number) == expected
