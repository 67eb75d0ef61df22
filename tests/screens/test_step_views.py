"""The views of Step beside its predictions: they follow the weights, and only while open."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import Input

from tests.at_length import first_is_quick
from tests.fake_engine import FakeEngine
from tests.known import present
from tests.pilot import reload, running, shown, until
from tests.screens.test_step import press_updates, step_screen
from tui_trainer.app import TuiTrainer
from tui_trainer.reports.moved import MovedReport
from tui_trainer.reports.predictions import PassesReport
from tui_trainer.reports.probes import ProbeReport
from tui_trainer.screens.dialogs.failure import FailureDialog
from tui_trainer.screens.step.moved_view import MovedView, short
from tui_trainer.screens.step.probe_editor import ProbeEditor, read_line, write_line
from tui_trainer.screens.step.probe_view import EXAMPLES, ProbeView
from tui_trainer.terminal_text import visible
from tui_trainer.words.numbers import nats, percent, probability


async def open_view(app: TuiTrainer, pilot: Pilot[int], view: str) -> None:
    """As a person gets there: a wide terminal shows it already."""
    while not app.screen.query_one(f"#{view}").is_on_screen:
        before = step_screen(app).views.current
        await pilot.press("v")
        await until(pilot, lambda current: step_screen(app).views.current != current, before)


@pytest.mark.parametrize("size", first_is_quick((80, 24), (120, 40)))
async def test_which_weights_moved_by_key(size: tuple[int, int]) -> None:
    async with running("escape", "4", size=size) as (app, pilot):
        await open_view(app, pilot, "moved")
        view = step_screen(app).query_one(MovedView)
        await until(pilot, lambda: view.report is not None)
        assert "These are the loaded weights" in shown(app)
        await press_updates(app, pilot, 2)
        await until(pilot, lambda: present(view.report).update == 2)
        report, total = present(step_screen(app).report), present(view.report).total
        assert total.moved == report.moved
        screen = shown(app)
        assert f"update 2 · moved {percent(present(total.share), 2)}" in screen
        words = f"Update 2 changed {report.moved:,} of {report.parameters:,}"
        assert words in " ".join(screen.split()) or size[0] == 120  # there beside other panels
        first = present(view.report).layers[0]
        row = next(line for line in screen.splitlines() if "embed_tokens" in line)
        assert short(report.gradients[0].norm) in row
        assert re.search("▇[▁-▇]|[▁-▇]▇", row), "the gradients of two updates, the larger one full"
        assert short(first.ratio) in row
        assert (f"{first.moved:,}" in row) == (size[0] == 80)
        last = next(line for line in screen.splitlines() if line.lstrip("│▶ ").startswith("all "))
        assert short(report.grad_norm) in last
        await pilot.press("u")
        await until(pilot, lambda: present(view.report).update == 1)
        assert "update 1 · moved" in shown(app)
        await reload(app, pilot)
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


@pytest.mark.parametrize("size", first_is_quick((80, 24), (120, 40)))
async def test_probes_follow_what_an_update_does_to_other_strings(size: tuple[int, int]) -> None:
    async with running("escape", "4", size=size) as (app, pilot):
        await press_updates(app, pilot, 2)
        await open_view(app, pilot, "probes")
        view = step_screen(app).query_one(ProbeView)
        await until(pilot, lambda: view.reports and view.reports[0].change)  # after the updates
        assert [report.text for report in view.reports] == list(EXAMPLES)
        # They were measured before the first update, though their view was closed
        assert [present(report.start).update for report in view.reports] == [0] * len(EXAMPLES)
        screen = shown(app)
        for report in view.reports:
            assert present(report.now).loss != present(report.start).loss
            then, now = present(report.start).loss, present(report.now).loss
            row = next(line for line in screen.splitlines() if f"{then:.4f} → {now:.4f}" in line)
            sign = "↓" if present(report.change) < 0 else "↑"
            assert f"{sign} {nats(abs(present(report.change)))}" in row
            assert visible(report.text) in row  # whole
        before = view.reports
        await press_updates(app, pilot, 1)
        await until(pilot, lambda: view.reports != before)
        assert view.reports[0].start == before[0].start
        view.query_one("#probe-lines").focus()
        await pilot.press("down")
        await until(pilot, lambda: "After def goodbye():⏎⇥return" in shown(app))
        p = present(view.reports[1].now).likeliest.p
        assert f"({probability(p)})" in " ".join(shown(app).split())
        await reload(app, pilot)
        await until(pilot, lambda: {report.change for report in view.reports} == {0.0})


async def test_probes_are_edited_by_key() -> None:
    async with running("escape", "4") as (app, pilot):
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ProbeEditor))
        boxes = list(app.screen.query(Input))
        assert boxes[0].value == "def hello():\\n\\tprint"
        for box, line in zip(boxes, ["one\\ntwo", "", "a", "a", "word " * 2000], strict=True):
            box.value = line
        await pilot.press("down", "x", "enter")
        view = step_screen(app).query_one(ProbeView)
        await until(pilot, lambda: len(view.reports) == 4)
        assert [report.text for report in view.reports][:3] == ["one\ntwo", "x", "a"]
        assert step_screen(app).views.current == "probes"
        assert "shorten it" in view.reports[3].refused
        assert (present(view.reports[2].start).loss, view.reports[2].change) == (None, None)
        view.query_one("#probe-lines").focus()
        await pilot.press("end")
        await until(pilot, lambda: "shorten it. e edits the probes." in shown(app))
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ProbeEditor))
        app.screen.query(Input).first().value = "lost"
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is step_screen(app))
        assert view.texts[0] == "one\ntwo"


async def test_without_probes_the_view_says_how_to_add_some() -> None:
    async with running("escape", "4", engine=lambda _: FakeEngine()) as (app, pilot):
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ProbeEditor))
        for box in app.screen.query(Input):
            box.value = ""
        await pilot.press("enter")
        await until(pilot, lambda: "No probes: e adds some." in shown(app))


async def test_a_closed_view_of_probes_measures_nothing_at_an_update() -> None:
    class CountingEngine(FakeEngine):
        started = asked = 0

        def follow_probes(self, texts: tuple[str, ...]) -> None:
            self.started += 1

        def probe(self, texts: tuple[str, ...]) -> tuple[ProbeReport, ...]:
            self.asked += 1
            return super().probe(texts)

    engine = CountingEngine()
    async with running("escape", "4", engine=lambda _: engine) as (app, pilot):
        await until(pilot, lambda: engine.started > 0)
        started = engine.started
        await press_updates(app, pilot, 3)
        assert (engine.started, engine.asked) == (started, 0)
        await open_view(app, pilot, "probes")
        await until(pilot, lambda: engine.asked == 1)


async def test_a_fault_in_the_two_modes_is_told_with_its_traceback() -> None:
    class FaultyEngine(FakeEngine):
        def passes(self, text: str) -> PassesReport:
            raise RuntimeError("a fault of this program")

    async with running("escape", "4", engine=lambda _: FaultyEngine()) as (app, pilot):
        step_screen(app).views.current = "passes"
        await until(pilot, lambda: isinstance(app.screen, FailureDialog))
        await pilot.press("escape")
        await until(pilot, lambda: "a fault of this program" in shown(app))


@given(st.text(alphabet=st.sampled_from("ab\\nt\n\t")))
def test_a_text_comes_back_from_its_line(text: str) -> None:
    assert read_line(write_line(text)) == text
    assert "\n" not in write_line(text)


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
def test_numbers_of_a_layer_fit_their_columns(number: float | None, expected: str) -> None:
    assert short(number) == expected
