"""GSM8K with held-out items: the figures, the points and rate changes on the chart, the samples."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.at_length import first_is_quick
from tests.fake_engine import FakeEngine
from tests.known import each
from tests.pilot import running, shown, until
from tui_trainer.reports.evaluated_items import Answer, Ending, EvaluatedItem
from tui_trainer.reports.loop import (
    ChangeReport,
    LoopReport,
    PartReport,
    SampleReport,
    ValidationReport,
)
from tui_trainer.runs.series import BUCKETS_AT_MOST
from tui_trainer.screens.gsm8k.held_out import HeldOutTable
from tui_trainer.widgets.chart.canvas import Canvas
from tui_trainer.widgets.chart.chart import REDRAW_SECONDS
from tui_trainer.widgets.chart.loss_chart import LossChart
from tui_trainer.widgets.chart.marks import LrMark, Plot, WeightsMark, write_rules
from tui_trainer.widgets.item_panel import ItemPanel

SAID = " 42 \x1b[31m[/foo]\u202e\n#### 42"


def measured(step: int) -> list[LoopReport]:
    answer = Answer(SAID, Ending.END_OF_TEXT, 9)
    item = EvaluatedItem(7, "How many?", "#### 42", "Question: How many?\nAnswer:", answer)
    return [
        ValidationReport(step, 5, 3.0 - step / 4, 2.5, 3.5, 40, 60, False, 0.1),
        SampleReport(step, (item,), 0.1),
    ]


@pytest.mark.parametrize("size", first_is_quick((80, 24), (120, 40)))
async def test_figures_points_and_samples_are_shown(size: tuple[int, int]) -> None:
    engine = FakeEngine([4.0, 3.0, 2.0, 1.0], between=measured)
    async with running("escape", "5", engine=lambda _: engine, size=size) as (app, pilot):
        await pilot.press("space")
        await until(pilot, lambda: "■ finished" in shown(app))
        narrow = size == (80, 24)
        line = "val 2.2500 ↓ @3" if narrow else " 3   2.2500   2.5000   3.5000  ✓ best"
        await until(pilot, lambda: line in shown(app))
        chart = app.screen_stack[0].query_one(LossChart)
        points = [(bucket.first, bucket.lowest) for bucket in chart.validation.reduced(99)]
        assert points == [(0, 3.0), (1, 2.75), (2, 2.5), (3, 2.25)]
        # The mark has a name; at 120 columns the validation has a chart of its own, too.
        await until(pilot, lambda: shown(app).count("◆") == (5 if narrow else 9))
        await pilot.press("V", "V", "V")
        await until(pilot, lambda: "sample at step 3: item 7 · right" in shown(app))
        text = shown(app)
        assert "answer    42 ␛[31m[/foo]⟨202E⟩⏎#### 42" in text
        assert "expected  #### 42" in text
        assert "question  How many?" in text
        assert "\x1b" not in text
        item = app.screen_stack[0].query_one(ItemPanel)
        assert not item.hint, "a sample has no losses: nothing to tell of their colours"
        await pilot.press("V")
        await until(pilot, lambda: "sample at step" not in shown(app))
        assert item.hint


async def test_very_many_points_cost_no_more_than_the_chart_is_wide() -> None:
    """40,000 measurements of a spike among them; the chart is drawn at its bounded rate."""
    spike = 9.0

    def often(step: int) -> Iterator[ValidationReport]:
        first = 10_000 * step
        for at in range(first, first + 10_000):
            loss = spike if at == 12_345 else 3.0
            yield ValidationReport(at, 5, loss, 2.5, 3.5, 40, 60, False, 0.1)

    chart = LossChart("step")
    table = HeldOutTable()
    for step in range(4):
        for report in often(step):
            table.add(report)
            chart.add(report)
    kept = chart.validation
    assert len(kept) == 40_000
    assert len(kept.reduced(40_000)) <= BUCKETS_AT_MOST
    for width in (24, 80, 400):
        points = kept.reduced(width)
        assert len(points) <= width
        assert max(point.highest for point in points) == spike
        assert (points[0].first, points[-1].last) == (0, 39_999)
    engine = FakeEngine([4.0, 3.0, 2.0, 1.0], between=lambda step: tuple(often(step)))
    began = time.monotonic()
    async with running("escape", "5", engine=lambda _: engine) as (app, pilot):
        await pilot.press("space")
        await until(pilot, lambda: "■ finished" in shown(app))
        await until(pilot, lambda: "◆" in shown(app))
        chart = app.screen_stack[0].query_one(LossChart)
        assert chart.draws <= (time.monotonic() - began) / REDRAW_SECONDS + 2


async def test_how_far_a_measurement_is_and_then_no_more() -> None:
    engine = FakeEngine(gated=True, between=lambda step: [PartReport("validating", 0.4)])
    async with running("escape", "5", engine=lambda _: engine) as (app, pilot):
        await pilot.press("space")
        await until(pilot, lambda: "validating  40%" in shown(app))
        engine.gate.release(4)
        await until(pilot, lambda: "■ finished" in shown(app))
        assert "validating" not in shown(app)


async def test_a_changed_rate_is_marked_on_the_chart() -> None:
    engine = FakeEngine([4.0] * 20, gated=True)
    async with running("escape", "5", engine=lambda _: engine) as (app, pilot):
        engine.gate.release(10)
        await pilot.press("space")
        chart = app.screen_stack[0].query_one(LossChart)
        await until(pilot, lambda: len(chart.series) == 10)
        await pilot.press("right_square_bracket")
        engine.gate.release(1)  # the step that is being made has the old rate
        await until(pilot, lambda: engine.training_lr() == 2e-5)
        engine.gate.release(9)
        await until(pilot, lambda: "■ finished" in shown(app))
        (change,) = each(LrMark, chart.marks)
        assert change.lr == 2e-5
        assert change.step in (11, 12)  # one step was waiting for its gate
        await until(pilot, lambda: f"step {change.step}: lr 2e-5" in shown(app))
        assert "┊" in shown(app)


def test_rules_stand_at_their_steps_behind_the_curve_and_labels_overwrite_nothing() -> None:
    lines = ["    x" + " " * 45 for _ in range(3)]
    changes = [LrMark(5, 0.1), LrMark(5, 0.2), LrMark(48, 0.5)]
    canvas = Canvas(lines, 50)
    write_rules(canvas, changes, Plot(0, 49, 0, 49), range(3))
    drawn = canvas.lines
    assert drawn[0].startswith("    x┊step 5: lr 0.2")
    assert drawn[0].endswith("step 48: lr 0.5┊ ")
    assert all(line[4] == "x" and line[5] == line[48] == "┊" for line in drawn)
    assert "0.1" not in "".join(drawn)


async def test_weights_that_were_changed_on_step_are_marked_on_the_chart() -> None:
    change = ChangeReport(10, "update", "x", 1e-5, "AdamW", 3.0)
    changes = [change, change, replace(change, what="undo")]
    engine = FakeEngine([4.0] * 20, between=lambda step: changes if step == 10 else [])
    async with running("escape", "5", engine=lambda _: engine) as (app, pilot):
        await pilot.press("space")
        await until(pilot, lambda: "■ finished" in shown(app))
        chart = app.screen_stack[0].query_one(LossChart)
        assert list(chart.marks) == [WeightsMark(11, 1)]
        await until(pilot, lambda: "step 11: 1 update on Step before" in shown(app))
