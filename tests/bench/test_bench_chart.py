"""What it costs to draw the wall of charts, for a short run and for a very long one."""

import math

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.bench.conftest import Figure
from tests.known import present
from tui_trainer.runs.series import Series
from tui_trainer.widgets.chart.draw import draw
from tui_trainer.widgets.chart.loss_chart import LossChart
from tui_trainer.widgets.chart.number_chart import NumberChart

WALL = (118, 28), *((38, 9),) * 6
"""Columns and rows of the charts of a wall of 120 columns, without their frames."""


def series_of(points: int) -> Series:
    series = Series()
    for step in range(1, points + 1):
        series.append(step, 1 + 4 * math.exp(-step / 50) + 0.3 * math.sin(step))
    return series


def draw_wall(series: Series) -> int:
    """A loss with its average and a measurement, and six numbers; the rows drawn."""
    loss = LossChart("step", titled=False)
    loss.series = loss.validation = series
    numbers = [NumberChart(name) for name in ("tokens/s", "seconds", "a", "b", "c", "d")]
    for chart in numbers:
        chart.series = series
    rows = 0
    for one, size in zip((loss, *numbers), WALL, strict=True):
        canvas = draw(one.picture(), *size, titled=False).canvas
        rows += sum(len(list(canvas.pieces(row))) > 0 for row in range(len(canvas.cells)))
    return rows


@pytest.mark.parametrize("points", [1_000, 100_000, 1_000_000])
def test_wall_redraw(benchmark: BenchmarkFixture, figures: list[Figure], points: int) -> None:
    series = series_of(points)
    assert benchmark(draw_wall, series) == 28 + 6 * 9
    measured = f"median {1e3 * present(benchmark.stats).stats.median:.1f} ms"
    figures.append(Figure(f"wall of seven charts, {points:,} points", measured, "25 ms"))
