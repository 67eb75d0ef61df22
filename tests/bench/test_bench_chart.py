"""What it costs to build the loss chart, for a short run and for a very long one."""

import math

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.bench.conftest import Figure
from tests.known import present
from tui_trainer.runs.loss_series import LossSeries
from tui_trainer.widgets.loss_plot import chart_lines


@pytest.mark.parametrize("points", [500, 1_000_000])
def test_chart_build(benchmark: BenchmarkFixture, figures: list[Figure], points: int) -> None:
    series = LossSeries()
    for step in range(1, points + 1):
        series.append(step, 1 + 4 * math.exp(-step / 50) + 0.3 * math.sin(step))
    lines = benchmark(chart_lines, series, 118, 20, "step", log=False, smoothing=True)
    assert len(lines) == 20
    measured = f"median {1e3 * present(benchmark.stats).stats.median:.1f} ms"
    figures.append(Figure(f"chart build, {points:,} points", measured, "15 ms"))
