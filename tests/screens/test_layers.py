"""h on GSM8K: what the steps did to each layer, as a heat map."""

from dataclasses import replace

import pytest
from textual.widgets import Static

from tests.at_length import first_is_quick
from tests.fake_engine import FakeEngine
from tests.known import the
from tests.pilot import running, shown, until
from tests.runs_on_disk import step_report, write_run
from tui_trainer.app import TuiTrainer
from tui_trainer.json_lines import json_line
from tui_trainer.protocol.events import LoopState
from tui_trainer.reports.layers import LayerFigures, LayersReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.home import METRICS_FILE
from tui_trainer.runs.loop_lines import loop_lines
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.screens.layers.figure_panel import FigurePanel
from tui_trainer.screens.layers.view import LayersScreen
from tui_trainer.settings.train import TrainSettings

HOSTILE = "layers.1\x1b[2J"


def with_layers(report: StepReport) -> StepReport:
    """At each second step; of the first layer the norm is ten times the step."""
    first = LayerFigures("layers.0", 10.0 * report.step, 0.001 * report.step, 1.25, 0.5)
    layers = first, LayerFigures(HOSTILE, 1 / 3, None, None, 0.0)
    return report if report.step % 2 else replace(report, layers=LayersReport(report.step, layers))


def layers_screen(app: TuiTrainer) -> LayersScreen:
    return the(LayersScreen, app.screen)


def in_hand(app: TuiTrainer) -> FigurePanel:
    return layers_screen(app).panels[layers_screen(app).figure]


def at(app: TuiTrainer) -> str:
    return str(in_hand(app).figure)


def title(app: TuiTrainer) -> str:
    return str(in_hand(app).title)


async def test_the_cursor_reads_each_figure_at_each_layer_and_step() -> None:
    engine = FakeEngine([2.0] * 9, change=with_layers)
    async with running("escape", "5", "space", engine=lambda progress: engine) as (app, pilot):
        await until(pilot, lambda: "9/9" in shown(app))
        await pilot.press("h")
        await until(pilot, lambda: at(app) == "step 8 · layers.0 · 80")
        assert title(app) == "gradient norm"
        await pilot.press("left", "left")
        assert at(app) == "step 4 · layers.0 · 40"
        await pilot.press("home")
        assert at(app) == "step 2 · layers.0 · 20"
        await pilot.press("right", "down")
        assert at(app) == "step 4 · layers.1␛[2J · 0.333333"  # obeyed by no terminal
        await pilot.press("tab")
        assert title(app) == "update / weight"
        assert "none: not finite, or nothing to compare with" in at(app)
        await pilot.press("k", "end")
        assert at(app) == "step 8 · layers.0 · 0.008"
        await pilot.press("tab")
        assert (title(app), at(app)) == ("RMS of g/√v", "step 8 · layers.0 · 1.25")
        await pilot.press("tab")
        assert (title(app), at(app)) == ("moved", "step 8 · layers.0 · 50%")
        await pilot.press("tab", "shift+tab")
        assert title(app) == "moved"
        assert "back" in shown(app)
        assert "figure" in shown(app)
        await pilot.press("h")
        await until(pilot, lambda: isinstance(app.screen, Gsm8kScreen))


async def test_it_goes_on_with_the_run_and_a_cursor_that_was_moved_stays_at_its_step() -> None:
    engine = FakeEngine([2.0] * 30, change=with_layers, gated=True)
    async with running("escape", "5", "space", "h", engine=lambda progress: engine) as (app, pilot):
        assert "No step was looked at yet: a run looks at its layers every 10" in " ".join(
            shown(app).split()
        )
        assert "figure" not in shown(app)
        for _ in range(4):
            engine.gate.release()
        await until(pilot, lambda: at(app) == "step 4 · layers.0 · 40")
        await pilot.press("left")
        assert at(app) == "step 2 · layers.0 · 20"
        for _ in range(4):
            engine.gate.release()
        await until(pilot, lambda: (m := layers_screen(app).heat_map) and len(m.columns) == 4)
        assert at(app) == "step 2 · layers.0 · 20"
        await pilot.press("end")
        assert at(app) == "step 8 · layers.0 · 80"
        for _ in range(22):
            engine.gate.release()
        await until(pilot, lambda: at(app) == "step 30 · layers.0 · 300")


async def test_of_more_looks_than_columns_the_largest_are_on_show_and_w_has_the_last_ones() -> None:
    engine = FakeEngine([2.0] * 200, change=with_layers)
    async with running("escape", "5", "space", engine=lambda progress: engine) as (app, pilot):
        await until(pilot, lambda: "200/200" in shown(app))
        await pilot.press("h", "home")
        await until(pilot, lambda: at(app) == "step 4 · layers.0 · 40")
        told = str(layers_screen(app).query_one("#at", Static).content)
        assert "the largest of 2 steps looked at, 2 to 4." in told
        await pilot.press("w")
        heat_map = layers_screen(app).heat_map
        assert heat_map is not None
        assert [one.looks for one in heat_map.columns] == [1] * len(heat_map.columns)
        assert heat_map.columns[-1].first == 200
        assert "all steps" in shown(app)
        await pilot.press("w", "end")
        assert at(app) == "step 200 · layers.0 · 2000"


async def test_a_run_that_is_resumed_has_what_its_file_has_and_goes_on() -> None:
    engine = FakeEngine([4.0] * 6, change=with_layers, gated=True)
    steps = [with_layers(step_report(step, 4.0)) for step in (1, 2, 3, 4)]
    lines = [json_line(line) for step in steps for line in loop_lines(step)]
    settings = TrainSettings(items=6)
    folder = write_run(losses=[4.0] * 4, checkpoints=[3], steps=6, settings=settings)
    (folder / METRICS_FILE).write_text("\n".join(lines) + "\n")
    async with running("escape", "6", engine=lambda progress: engine) as (app, pilot):
        await until(pilot, lambda: "1 run" in shown(app))
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, Gsm8kScreen))
        await until(pilot, lambda: the(Gsm8kScreen, app.screen).run.resumed_at == 3)
        await pilot.press("h")
        await until(pilot, lambda: at(app) == "step 2 · layers.0 · 20")  # none after step 3
        engine.gate.release(6)
        await until(pilot, lambda: at(app) == "step 6 · layers.0 · 60")
        await pilot.press("home")
        assert at(app) == "step 2 · layers.0 · 20"


@pytest.mark.parametrize("every", [0, 3])
async def test_before_a_look_it_says_how_often_a_run_has_one(every: int) -> None:
    async with running("escape", "5", engine=lambda progress: FakeEngine()) as (app, pilot):
        the(Gsm8kScreen, app.screen).settings = TrainSettings(layers_every=every)
        await pilot.press("h", "tab", "left", "down", "home", "w", "end")
        said = "every 3 steps" if every else "where 'layers every' in the settings is not 0"
        await until(pilot, lambda: said in " ".join(shown(app).split()))


@pytest.mark.parametrize("colourless", first_is_quick(True, False))
async def test_it_fits_each_size_and_is_told_without_colours(
    colourless: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if colourless:
        monkeypatch.setenv("NO_COLOR", "1")
    engine = FakeEngine([2.0] * 40, change=with_layers)
    async with running("escape", "5", "space", engine=lambda progress: engine) as (app, pilot):
        await until(pilot, lambda: app.session.loops.get("gsm8k") is LoopState.FINISHED)
        await pilot.press("h")
        for size, maps in (((80, 24), 1), ((120, 40), 4), ((200, 60), 4), ((40, 12), 1)):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda maps: len(on_show(app)) == maps, maps)
            assert all(fits(panel) for panel in on_show(app))
            assert "step 40" in shown(app)


async def test_with_room_for_four_a_key_has_the_one_in_hand_alone() -> None:
    engine = FakeEngine([2.0] * 9, change=with_layers)
    async with running("escape", "5", "space", size=(120, 40), engine=lambda progress: engine) as (
        app,
        pilot,
    ):
        await until(pilot, lambda: "9/9" in shown(app))
        await pilot.press("h", "tab")
        await until(pilot, lambda: len(on_show(app)) == 4)
        await pilot.press("left", "up")
        assert [str(panel.figure) for panel in on_show(app)] == [
            f"step 6 · layers.0 · {told}" for told in ("60", "0.006", "1.25", "50%")
        ]
        await pilot.press("V")
        await until(pilot, lambda: [one.number for one in on_show(app)] == [1])
        await pilot.press("tab")
        await until(pilot, lambda: [one.number for one in on_show(app)] == [2])
        assert at(app) == "step 6 · layers.0 · 1.25"
        await pilot.press("V")
        await until(pilot, lambda: len(on_show(app)) == 4)


def on_show(app: TuiTrainer) -> list[FigurePanel]:
    return [one for one in layers_screen(app).panels if one.display and one.heat_map is not None]


def fits(panel: FigurePanel) -> bool:
    """Each line and the legend has room; marks tell the numbers apart, whatever the colours."""
    head, *lines = str(panel.view.content).splitlines()
    width, legend = panel.view.content_size.width, str(panel.legend.content).rstrip()
    assert all(len(line) <= width for line in (head, *lines))
    assert "▾" in head
    assert len(lines) == 2
    assert panel.number or {"·", "█"} <= set("".join(lines))
    return width < 60 or len(legend) <= width
