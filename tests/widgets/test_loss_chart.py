"""The loss chart: what it draws, and how seldom."""

import asyncio
import math
import re
from itertools import pairwise

import plotext
import pytest
from textual.app import ComposeResult
from textual.screen import Screen

from tests.known import present
from tests.widgets.dots import is_dots
from tui_trainer.runs.series import Series
from tui_trainer.themes import Themed
from tui_trainer.widgets.chart.axes import (
    LABEL_WIDTH,
    linear_axis,
    step_axis,
    tick_label,
    value_axis,
)
from tui_trainer.widgets.chart.canvas import Canvas, Dots
from tui_trainer.widgets.chart.chart import DRAW_SHARE, REDRAW_SECONDS, REST_AT_MOST
from tui_trainer.widgets.chart.draw import draw
from tui_trainer.widgets.chart.loss_chart import LossChart
from tui_trainer.widgets.chart.picture import POINT, Picture
from tui_trainer.words.numbers import nats


class ChartApp(Themed[None]):
    """A chart and nothing else."""

    def __init__(self, *, smoothing: bool = True) -> None:
        super().__init__()
        self.chart = LossChart(x_label="update", smoothing=smoothing)

    def compose(self) -> ComposeResult:
        yield self.chart


def series_of(losses: list[float]) -> Series:
    series = Series()
    for step, loss in enumerate(losses, start=1):
        series.append(step, loss)
    return series


def drawn(
    losses: list[float],
    width: int = 80,
    height: int = 14,
    *,
    log: bool = False,
    smoothing: bool = True,
) -> list[str]:
    return canvas_of(losses, width, height, log=log, smoothing=smoothing).lines


def canvas_of(
    losses: list[float], width: int, height: int, *, log: bool = False, smoothing: bool = True
) -> Canvas:
    chart = LossChart(smoothing=smoothing)
    chart.series = series_of(losses)
    chart.set_reactive(LossChart.log_axis, log)
    return draw(chart.picture(), width, height).canvas


def dot_rows(lines: list[str]) -> list[int]:
    """The rows that hold a dot or a piece of the line."""
    marks = [any(map(is_dots, line)) for line in lines[1:]]
    return [row for row, marked in enumerate(marks, start=1) if marked]


FALLING = [4 * math.exp(-step / 60) + 1 + (step % 7) / 10 for step in range(200)]


async def test_few_updates_are_seen_one_by_one_on_their_line_and_many_are_not() -> None:
    app = ChartApp(smoothing=False)
    async with app.run_test(size=(80, 20)) as pilot:
        app.chart.series = series_of(FALLING[:12])
        app.chart.redraw()
        await pilot.pause()
        rows = [app.chart.render_line(y).text for y in range(20)]
        assert "".join(rows).count(POINT) == 12
        app.chart.focus()
        await pilot.press("right")
        assert app.chart.render_line(0).text.split() == ["update", "12", "loss", nats(FALLING[11])]
        app.chart.series = series_of(FALLING)
        app.chart.grow_stale()
        assert POINT not in "".join(app.chart.render_line(y).text for y in range(20))


def test_axes_and_marks_are_named() -> None:
    lines = drawn(FALLING[:60])
    assert lines[0].startswith(" loss (nats) ")
    assert "each update" in lines[0]
    assert "━ avg of ~20" in lines[0]
    assert lines[-1].split()[0] == "update"
    assert drawn(FALLING, log=True)[0].startswith(" loss (nats), log axis")


def test_raw_losses_are_dots_behind_a_line_of_their_average() -> None:
    canvas = canvas_of(FALLING, 80, 14)
    inks = [ink for row in canvas.inks for ink in row]
    assert {"raw", "first"} <= set(inks)
    for row in canvas.cells[1:]:
        assert not set("▀▄▌▐█") & set(row)
    columns = {x for row in canvas.inks for x, ink in enumerate(row) if ink == "first"}
    assert columns == set(range(min(columns), max(columns) + 1)), "the line has no gap"
    assert len(columns) == 80 - LABEL_WIDTH - 1
    alone = canvas_of(FALLING, 80, 14, smoothing=False)
    assert "raw" not in {ink for row in alone.inks for ink in row}


@pytest.mark.parametrize("size", [(24, 4), (40, 8), (80, 12), (118, 30), (300, 90)])
def test_chart_fills_its_size_whatever_the_terminal(size: tuple[int, int]) -> None:
    width, height = size
    lines = drawn(FALLING, width, height)
    assert len(lines) == height
    assert max(len(line) for line in lines[1:]) == width


def test_higher_loss_is_drawn_higher() -> None:
    spike = [1.0] * 50 + [9.0] + [1.0] * 50
    lines = drawn(spike, smoothing=False)
    assert dot_rows(lines)[0] <= 3
    flat = dot_rows(drawn([1.0] * 101, smoothing=False))
    assert len(flat) == 1


def test_numbers_on_the_value_axis_keep_their_width() -> None:
    for losses in ([2.0], [0.00002, 0.0], [1e30, 3.0], [-5.0, 12345.6], FALLING, [1e-300, 1e300]):
        for log in (False, True):
            lines = drawn(losses, log=log)
            bars = {line.index("┤") for line in lines[1:] if "┤" in line}
            assert bars == {LABEL_WIDTH}, losses


def test_log_axis_takes_losses_that_have_no_logarithm() -> None:
    for losses in ([0.0], [0.0, -1.0], [5.0, 0.0, 0.01], [0.5, -0.5]):
        assert len(drawn(losses, log=True)) == 14
    lines = drawn([1000.0, 100.0, 10.0, 1.0], log=True, smoothing=False, height=20)
    rows = dot_rows(lines)
    assert rows == list(range(rows[0], rows[-1] + 1))
    labels = [float(line[:LABEL_WIDTH]) for line in lines if "┤" in line]
    assert labels == sorted(labels, reverse=True)
    assert {1.0, 10.0, 100.0, 1000.0} <= set(labels)


def test_losses_that_are_not_finite_are_told() -> None:
    lines = drawn([2.0, math.nan, 1.0])
    assert "1 not finite, not shown" in lines[0]
    assert "nan" in "".join(drawn([math.nan]))
    assert len(drawn([math.inf, 2.0], 20, 2)) == 1


def test_empty_chart_is_a_sentence() -> None:
    told = [line.strip() for line in drawn([])]
    assert told == ["", "The loss chart begins with the first update."]


def test_small_chart_is_a_number() -> None:
    assert [line.strip() for line in drawn([2.0, 1.25], 23, 10)] == ["loss 1.2500"]
    assert [line.strip() for line in drawn([2.0, 1.25], 80, 3)] == ["loss 1.2500"]


@pytest.mark.parametrize("low", [0.0, 0.23, 3.999, -7.0])
@pytest.mark.parametrize("span", [1e-6, 0.003, 0.7, 1.0, 9.99, 12345.0, 1e90])
@pytest.mark.parametrize("ticks", [2, 3, 5, 12])
def test_ticks_are_round_and_few(low: float, span: float, ticks: int) -> None:
    axis = linear_axis(low, low + span, ticks)
    rounding = 1e-9 * span
    assert axis.low <= low + rounding
    assert axis.high >= low + span - rounding
    assert 1 <= len(axis.ticks) <= ticks
    assert axis.low - rounding <= axis.ticks[0] <= axis.ticks[-1] <= axis.high + rounding
    assert axis.high - axis.low <= 4 * span
    gaps = {f"{after - before:.3e}" for before, after in pairwise(axis.ticks)}
    assert len(gaps) <= 1
    assert all(re.match(r"[125]\.000e", gap) for gap in gaps)


@pytest.mark.parametrize("log", [False, True])
def test_axis_holds_all_losses_and_does_not_move_with_each(log: bool) -> None:
    losses = [1.3, 4.71, 2.2]
    axis = value_axis(losses, 1.3, 6, log=log)
    assert axis.low <= 1.3
    assert axis.high >= 4.71
    assert value_axis([*losses, 4.8, 1.1], 1.1, 6, log=log) == axis


def test_step_axis_has_whole_ticks_within_the_run() -> None:
    for first, last in ((1, 1), (1, 2), (1, 17), (1, 500), (88, 7473), (2177, 1_000_000)):
        axis = step_axis(first, last, 6)
        assert all(tick == int(tick) for tick in axis.ticks)
        assert first <= min(axis.ticks) <= max(axis.ticks) <= last
        assert 1 <= len(axis.ticks) <= 8


def test_tick_labels_tell_ticks_apart() -> None:
    for ticks in ((1.0, 1.5, 2.0), (0.001, 0.002), (1e-9, 2e-9), (99990.0, 100000.0)):
        labels = [tick_label(tick, ticks) for tick in ticks]
        assert len(set(labels)) == len(ticks)
        assert {len(label) for label in labels} == {LABEL_WIDTH}


async def settle(app: ChartApp, draws: int) -> None:
    async with asyncio.timeout(10):
        while app.chart.draws < draws:
            await asyncio.sleep(0.01)


async def test_first_redraw_is_at_once_and_the_rest_are_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    builds: list[int] = []
    picture = LossChart.picture

    def building(chart: LossChart) -> Picture:
        builds.append(len(chart.series))
        return picture(chart)

    monkeypatch.setattr(LossChart, "picture", building)
    app = ChartApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        at_first = app.chart.draws
        loop = asyncio.get_running_loop()
        began = loop.time()
        for step in range(1, 10_001):
            app.chart.series.append(step, 1 / step)
            app.chart.redraw()
            if step % 10 == 0:
                await asyncio.sleep(0)
        async with asyncio.timeout(10):
            while builds[-1] != 10_000:
                await asyncio.sleep(0.01)
        allowed = (loop.time() - began) / REDRAW_SECONDS + 2
        assert 1 <= app.chart.draws - at_first <= allowed
        assert builds[at_first] < 10_000


async def test_hidden_chart_is_not_built_and_is_up_to_date_when_shown() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await app.push_screen(Screen())
        await pilot.pause()
        hidden_since = app.chart.draws
        for step in range(1, 40):
            app.chart.series.append(step, 1 / step)
            app.chart.redraw()
            await asyncio.sleep(0.02)
        assert app.chart.draws == hidden_since
        app.pop_screen()
        await settle(app, hidden_since + 1)
        await pilot.pause()
        assert any("┤" in app.chart.render_line(y).text for y in range(24))


async def test_log_axis_redraws_at_once() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.chart.series.append(1, 2.0)
        app.chart.redraw()
        await pilot.pause()
        app.chart.log_axis = True
        await pilot.pause()
        assert "log axis" in app.chart.render_line(0).text


async def test_two_charts_share_nothing() -> None:
    first, second = drawn(FALLING), drawn([1.0, 2.0], 40, 8)
    assert drawn(FALLING) == first
    assert drawn([1.0, 2.0], 40, 8) == second
    assert plotext.figure.build().string(colorless=True).strip("\n ┌┐└┘─│") == ""


@pytest.mark.parametrize("theme", ["trainer-dark", "textual-light"])
async def test_colours_follow_the_theme(theme: str) -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.theme = theme
        for step, loss in enumerate(FALLING, start=1):
            app.chart.series.append(step, loss)
        app.chart.redraw()
        await pilot.pause()
        styles = {
            (mark, segment.style): present(segment.style)
            for y in range(24)
            for segment in app.chart.render_line(y)
            for mark in segment.text
        }
        line, dots, title = (app.chart._ink(ink) for ink in ("first", "raw", "title"))
        marks = {style for (mark, _), style in styles.items() if is_dots(mark)}
        assert len(marks) == 2
        assert line.bold
        assert not dots.bold
        assert len({line.color, dots.color, title.color}) == 3
        assert line.bgcolor == dots.bgcolor


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (23, 3), (24, 4), (200, 60)])
async def test_any_size(size: tuple[int, int]) -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 24)) as pilot:
        for step, loss in enumerate(FALLING, start=1):
            app.chart.series.append(step, loss)
        app.chart.redraw()
        await pilot.resize_terminal(*size)
        async with asyncio.timeout(20):
            while app.chart.size != size:
                await pilot.pause(0.02)
        assert all(app.chart.render_line(y).cell_length == size[0] for y in range(size[1]))


async def rest_after_a_build_of(seconds: float, monkeypatch: pytest.MonkeyPatch) -> float:
    """How long the chart rests once it is known to take so long to build."""
    clock = iter(range(1000))
    monkeypatch.setattr(
        "tui_trainer.widgets.chart.chart.time.thread_time", lambda: next(clock) * seconds
    )
    app = ChartApp()
    rests: list[float] = []
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        monkeypatch.setattr(app.chart, "set_timer", lambda delay, then: rests.append(delay))
        app.chart.redraw()
    return rests[0]


@pytest.mark.parametrize(
    ("build", "rest"),
    [(0.001, REDRAW_SECONDS), (0.01, 0.01 * DRAW_SHARE), (0.5, REST_AT_MOST)],
)
async def test_a_chart_that_takes_long_to_build_is_built_less_often(
    monkeypatch: pytest.MonkeyPatch, build: float, rest: float
) -> None:
    assert await rest_after_a_build_of(build, monkeypatch) == pytest.approx(rest)


def dots_set(series: Series, width: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many dots a drawing of the raw losses and the average takes."""
    chart, given = LossChart("step"), 0
    chart.series, dot = series, Dots.dot

    def counting(dots: Dots, x: int, y: int, ink: str) -> None:
        nonlocal given
        given += 1
        dot(dots, x, y, ink)

    monkeypatch.setattr(Dots, "dot", counting)
    draw(chart.picture(), width, 20)
    monkeypatch.undo()
    return given


def test_of_a_hundred_thousand_steps_as_many_points_are_drawn_as_of_some_hundred(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At most two of raw losses and two of the average for each half of a column of dots."""
    width, series, drawn_at = 118, Series(), {}
    for step in range(1, 100_001):
        series.append(step, 1 + step % 7 / 10)
        if step in (500, 2_000, 100_000):
            drawn_at[step] = dots_set(series, width, monkeypatch)
    columns = 2 * (width - LABEL_WIDTH - 1)
    assert all(2 * columns < drawn < 10 * columns for drawn in drawn_at.values()), drawn_at
