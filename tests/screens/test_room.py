"""The room of a terminal is used: no panel is left empty, at any size and with short texts."""

from collections.abc import Sequence

import pytest
from textual.geometry import Region
from textual.pilot import Pilot
from textual.strip import Strip

from tests.at_length import first_is_quick
from tests.fake_engine import FakeEngine
from tests.pilot import loaded, running, shown, until
from tests.runs_on_disk import write_run
from tui_trainer.app import TuiTrainer
from tui_trainer.screens.step.views import VIEWS
from tui_trainer.settings.train import TrainSettings
from tui_trainer.widgets.panel import Panel
from tui_trainer.widgets.text_box import TextBox

Sizes = Sequence[tuple[int, int]]
SIZES = (80, 24), (120, 24), (120, 40), (200, 60)
BETWEEN = (100, 30), (140, 40), (170, 50), (80, 50), (120, 60), (110, 34), (240, 70)
AT_ALL = pytest.mark.parametrize("sizes", first_is_quick(SIZES, BETWEEN))
MOST_BLANK = 0.5  # of a panel's rows; two are no matter
FEW = 2


def blank_rows(drawn: Sequence[Strip], region: Region) -> int:
    """How many rows of that part of the screen show nothing."""
    x, right = region.x, region.right
    return sum(not strip.crop(x, right).text.strip() for strip in drawn[region.y : region.bottom])


def empty_panels(app: TuiTrainer) -> dict[str, tuple[int, int]]:
    """The panels that are half empty, with how many of their rows; not those to write in."""
    found, drawn = {}, app.screen._compositor.render_strips()
    for panel in app.screen.query(Panel):
        region = panel.content_region
        if panel.is_on_screen and region.height and not panel.query(TextBox):
            blank = blank_rows(drawn, region)
            if blank > max(FEW, MOST_BLANK * region.height):
                found[str(panel.id)] = blank, region.height
    return found


def cut_panels(app: TuiTrainer) -> list[str]:
    """Those that are not wholly on the screen."""
    body = app.screen.query_one("#body").region
    return [
        str(panel.id)
        for panel in app.screen.query(Panel)
        if panel.is_on_screen and not body.contains_region(panel.region)
    ]


async def uses_its_room(app: TuiTrainer, pilot: Pilot[int], size: tuple[int, int]) -> None:
    await pilot.resize_terminal(*size)
    try:
        await until(pilot, lambda: not empty_panels(app) and not cut_panels(app))
    except TimeoutError:
        pytest.fail(f"{size}: empty {empty_panels(app)}, cut {cut_panels(app)}\n{shown(app)}")


@AT_ALL
async def test_no_panel_of_runs_is_left_empty(sizes: Sizes) -> None:
    for n in range(1, 7):
        settings = TrainSettings(lr=n * 1e-5)
        write_run(f"2026-01-0{n}-builtin-1", [3.0, 2.0, 1.5, 1.0], settings=settings)
    async with running("escape", "6", engine=lambda progress: FakeEngine()) as (app, pilot):
        await until(pilot, lambda: "6 runs" in shown(app))
        await pilot.press("space", "down", "space")
        await until(pilot, lambda: "2 marked" in shown(app))
        for size in sizes:
            await uses_its_room(app, pilot, size)


@AT_ALL
async def test_no_panel_is_left_empty_with_a_short_text(sizes: Sizes) -> None:
    async with running("escape") as (app, pilot):
        await until(pilot, lambda: "shape (" in shown(app))
        for keys in (("1",), ("b",), ("2",), ("3",)):
            await pilot.press(*keys)
            for size in sizes:
                await uses_its_room(app, pilot, size)


@AT_ALL
async def test_no_panel_of_step_is_left_empty_before_an_update_and_after(sizes: Sizes) -> None:
    async with running("escape", "4") as (app, pilot):
        await until(pilot, lambda: "begins with the first update" in shown(app))
        for size in sizes:
            await uses_its_room(app, pilot, size)
        await pilot.press("space")
        await until(pilot, lambda: loaded(app).updates == 1)
        for _view in VIEWS:
            for size in sizes:
                await uses_its_room(app, pilot, size)
            await pilot.press("v")


@AT_ALL
async def test_no_panel_of_gsm8k_is_left_empty_before_a_run(sizes: Sizes) -> None:
    async with running("escape", "5") as (app, pilot):
        await until(pilot, lambda: "Question:" in shown(app))
        for size in sizes:
            if size != (80, 50):  # an item of GSM8K itself is three times as long
                await uses_its_room(app, pilot, size)
        await pilot.press("v")
        await until(pilot, lambda: "= next" in shown(app))
        for size in sizes:
            await uses_its_room(app, pilot, size)
