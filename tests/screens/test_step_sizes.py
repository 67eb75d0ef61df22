"""Step at three sizes: what is on show at once, said once, and asked for in one request."""

import re
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

import pytest
from textual.pilot import Pilot

from tests.at_length import first_is_quick
from tests.fake_engine import FakeEngine
from tests.known import present
from tests.pilot import loaded, running, shown, type_at_once, until
from tests.screens.test_step import press_phases, press_updates, step_screen
from tests.screens.test_waiting import SlowEngine
from tui_trainer.app import TuiTrainer
from tui_trainer.errors import InputError
from tui_trainer.protocol.request import Request
from tui_trainer.protocol.updates import PrepareUndo, ReadViews, Update
from tui_trainer.reports.updates import UpdateReport
from tui_trainer.screens.step.gradient_chart import LayerChart
from tui_trainer.screens.step.moved_view import MovedView, short
from tui_trainer.screens.step.phase_view import PhaseView
from tui_trainer.screens.step.probe_view import ProbeView
from tui_trainer.screens.step.views import PASSES, PHASES
from tui_trainer.widgets.line_table import LineTable
from tui_trainer.widgets.panel import Panel
from tui_trainer.widgets.text_box import TextBox
from tui_trainer.words.numbers import nats, percent

Reply = TypeVar("Reply")
WIDE, BROAD = (120, 40), (200, 60)


def panels(app: TuiTrainer) -> dict[str, Panel]:
    """Those on show, by their names."""
    return {present(panel.id): panel for panel in app.screen.query(Panel) if panel.is_on_screen}


async def test_a_narrow_terminal_has_two_panels_the_chart_and_the_predictions() -> None:
    async with running("escape", "4") as (app, pilot):
        await press_updates(app, pilot, 2)
        names = {"text-panel", "update", "next", "losses", "predictions"}
        assert names == panels(app).keys()
        screen, report = shown(app), present(step_screen(app).report)
        assert "── update 2 ──" in screen
        assert screen.count(f"{report.grad_norm:.4g}") == 1
        assert f"moved {percent(present(report.moved) / report.parameters, 2)}" in screen
        assert "lr 1e-5 · AdamW" in screen
        assert "train mode, no dropout" in screen
        await press_phases(app, pilot, "full_stop", "full_stop")
        await until(pilot, lambda: "F─L─B─S─Z ▶ backward" in shown(app))
        await press_phases(app, pilot, "full_stop", "full_stop")
        await until(pilot, lambda: "F─L─B─S─Z ▶ zero_grad" in shown(app))


@pytest.mark.parametrize("size", first_is_quick((80, 24), WIDE, BROAD))
async def test_before_anything_the_charts_have_the_code_and_the_layers_what_they_are(
    size: tuple[int, int],
) -> None:
    async with running("escape", "5", size=size) as (app, pilot):
        await until(pilot, lambda: "begins with the first step." in shown(app))
        assert "for question, answer in items:" in shown(app)
        assert "    optimizer.zero_grad()" in shown(app)
        await pilot.press("4")
        await until(pilot, lambda: "begins with the first update." in shown(app))
        assert "F  logits = model(input_ids).logits" in shown(app)
        assert "Z  optimizer.zero_grad()" in shown(app)
        if size[0] == 80:
            return
        await until(pilot, lambda: "These are the loaded weights" in shown(app))
        (row,) = (line for line in shown(app).splitlines() if "layers.0" in line)
        assert re.search(r"layers\.0 +559,680 +[\d.]+ ", row)


async def test_the_layer_at_the_cursor_is_a_chart_where_there_is_room(
    model_folder: Callable[[str], Path],
) -> None:
    async with running("escape", "4", source=str(model_folder("Qwen3")), size=BROAD) as (
        app,
        pilot,
    ):
        await press_updates(app, pilot, 2)
        await until(pilot, lambda: "gradient of embed_tokens" in shown(app))
        screen = step_screen(app)
        layers = screen.query_one("#layers", LineTable)
        layers.focus()
        await pilot.press("down")
        await until(pilot, lambda: "gradient of layers.0" in shown(app))
        norm = present(screen.report).gradients[1].norm
        chart = screen.query_one(LayerChart)
        assert chart.series.ends == (1, 2)
        assert chart.series.last == norm
        await pilot.resize_terminal(*WIDE)
        await until(pilot, lambda: "gradient of" not in shown(app))
        await pilot.press("v", "v")
        await until(pilot, lambda: panels(app).keys() == {"moved", "layer"})


@pytest.mark.parametrize("size", first_is_quick((80, 24), WIDE))
async def test_an_update_by_phases_is_told_as_one_in_one_go(size: tuple[int, int]) -> None:
    async with running("escape", "4", size=size) as (app, pilot):
        await press_phases(app, pilot, *["full_stop"] * 5)
        told = re.compile(r"loss 9\.2424 → 7\.0938 ↓ 2\.1486")
        await until(pilot, lambda: told.search(shown(app)))
        await until(pilot, lambda: "✓ Z  zero_grad" in shown(app))
        assert "✓ B  backward        gradients cleared by Z" in shown(app)
        if size != WIDE:
            await pilot.press("v")
        await until(pilot, lambda: "what the update did" in shown(app))
        moved = step_screen(app).query_one(MovedView)
        await until(pilot, lambda: moved.report and moved.report.total.share is not None)
        total = present(moved.report).total
        cells = moved._cells(total, 1, 8)
        assert str(moved.figure).endswith(f"moved {cells['share']}")


@pytest.mark.parametrize("size", first_is_quick(WIDE, BROAD))
async def test_a_wide_terminal_shows_all_views_at_once(size: tuple[int, int]) -> None:
    async with running("escape", "4", size=size) as (app, pilot):
        await press_updates(app, pilot, 2)
        screen = step_screen(app)
        moved, probes = screen.query_one(MovedView), screen.query_one(ProbeView)
        await until(pilot, lambda: moved.report and moved.report.update == 2)
        names = {"text-panel", "next", "phases", "moved", "losses", "predictions", "probes"}
        assert (
            names | ({PASSES, "norms", "layer"} if size == BROAD else set()) == panels(app).keys()
        )
        tables = [table for table in screen.query(LineTable) if table.is_on_screen]
        assert len(tables) == len({"moved", "predictions", "probes"}) + (size == BROAD)
        assert all(table.rows > 1 and table.size.height > 1 for table in tables)
        report, text = present(screen.report), shown(app)
        after = present(report.after.loss)
        loss = f"loss {report.loss:.4f} → {after:.4f} ↓ {nats(report.loss - after)}"
        assert re.search(rf"update 2 +{loss} +grad norm {report.grad_norm:.4g}", text)
        assert text.count(f"{nats(report.loss)} → {nats(after)}") == 1
        for layer in report.gradients:
            assert short(layer.norm) in text
        for probe in probes.reports:
            now = present(probe.now)
            assert f"{nats(present(probe.start).loss)} → {nats(now.loss)}" in text
        fallen = sum(present(probe.change) < 0 for probe in probes.reports)
        assert f"↓ {fallen}" in text


async def test_the_view_made_large_is_alone_and_the_wall_comes_back() -> None:
    async with running("escape", "4", size=WIDE) as (app, pilot):
        await pilot.press("v")
        await until(pilot, lambda: panels(app).keys() == {PHASES, "moved"})
        for name in ("moved", "probes", PASSES):
            await pilot.press("v")
            await until(pilot, lambda name: name in panels(app), name)
        norms = panels(app)["norms"]
        assert norms.region.y > panels(app)[PASSES].region.y
        await pilot.press("v")
        await until(pilot, lambda: len(panels(app)) == 7)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: len(panels(app)) == 5)


async def test_gradients_of_a_phase_are_among_the_layers_until_the_step() -> None:
    async with running("escape", "4", size=WIDE) as (app, pilot):
        await press_updates(app, pilot, 1)
        moved = step_screen(app).query_one(MovedView)
        await until(pilot, lambda: moved.report and moved.report.update == 1)
        backward = await press_phases(app, pilot, "F", "L", "B")
        await until(pilot, lambda: "gradients as they are now" in shown(app))
        row = next(line for line in shown(app).splitlines() if "embed_tokens" in line)
        assert short(backward.gradients[0].norm) in row
        assert f"✓ B  backward        grad norm {backward.grad_norm:.4g}" in shown(app)
        assert "▶ S  optimizer.step  moves each weight a little" in shown(app)
        await press_phases(app, pilot, "S")
        await until(pilot, lambda: "update 2 · moved" in shown(app))


def asked_for(app: TuiTrainer, monkeypatch: pytest.MonkeyPatch) -> list[type]:
    """The kinds of all requests from now on."""
    asked: list[type] = []
    ask = app.worker.ask

    def ask_and_note(request: Request[Reply]) -> "Future[Reply]":
        asked.append(type(request))
        return ask(request)

    monkeypatch.setattr(app.worker, "ask", ask_and_note)
    return asked


async def rests(app: TuiTrainer, pilot: Pilot[int]) -> None:
    """Nothing is asked for, or will be by itself."""
    phases = app.screen.query_one(PhaseView)
    await until(pilot, lambda: phases.report is not None and app.worker.doing is None)


async def test_an_update_is_followed_by_one_request_for_all_views(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running("escape", "4", size=WIDE, engine=lambda _: FakeEngine()) as (app, pilot):
        await rests(app, pilot)
        asked = asked_for(app, monkeypatch)
        await press_updates(app, pilot, 1)
        await until(pilot, lambda: PrepareUndo in asked and ReadViews in asked)
        assert asked.count(ReadViews) == asked.count(Update) == 1
        assert len(asked) == len({"update", "status", "views", "undo"})


async def test_updates_that_wait_are_not_held_up_by_what_is_on_show(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = SlowEngine()
    async with running("escape", "4", size=WIDE, engine=lambda _: engine) as (app, pilot):
        await rests(app, pilot)
        asked = asked_for(app, monkeypatch)
        engine.hold()
        type_at_once(app, " " * 8)
        await until(pilot, lambda: step_screen(app).queue.updates == 8)
        engine.let_go()
        moved = step_screen(app).query_one(MovedView)
        await until(pilot, lambda: present(moved.report).update == 8)
        updates = [number for number, kind in enumerate(asked) if kind is Update]
        assert len(updates) == 8
        assert ReadViews not in asked[: updates[-1]]


class RefusingEngine(FakeEngine):
    """Refuses an update in a sentence."""

    def update(self, text: str) -> UpdateReport:
        raise InputError("No update is made: the loss is nan.")


@pytest.mark.parametrize("size", first_is_quick((80, 24), WIDE))
async def test_playing_that_broke_says_so_with_its_sign(size: tuple[int, int]) -> None:
    engine = RefusingEngine()
    async with running("escape", "4", "p", size=size, engine=lambda _: engine) as (app, pilot):
        await until(pilot, lambda: "✗ stopped by a failure" in shown(app))
        assert loaded(app).updates == 0


@pytest.mark.parametrize("size", first_is_quick((80, 24), WIDE))
async def test_a_text_that_is_refused_has_the_reason_below_it(size: tuple[int, int]) -> None:
    async with running("escape", "4", size=size) as (app, pilot):
        app.screen.query_one(TextBox).text = ""
        await until(pilot, lambda: "▲ The text is empty: type at least one token." in shown(app))
