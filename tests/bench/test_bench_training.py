"""The app's training against the same lines by hand, in one run."""

import statistics
import subprocess
import sys

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.bench.conftest import Figure
from tests.bench.loop_sides import MEASURED
from tests.bench.sides import VOCABULARY, WIDTH

ROUNDS = 5
pytestmark = pytest.mark.timeout(600)


def run_side(name: str) -> float:
    """The number that one side of `sides` prints."""
    (number,) = run_numbers(name)
    return number


def run_numbers(name: str) -> list[float]:
    """All that it prints."""
    command = [sys.executable, "-m", "tests.bench.sides", name]
    ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [float(number) for number in ended.stdout.split()]


def side_by_side(
    benchmark: BenchmarkFixture, ours: str, by_hand: str, rounds: int = ROUNDS
) -> tuple[float, float, str]:
    """The medians of two sides that took turns, and the median and spread of their ratio."""
    pairs: list[tuple[float, float]] = []
    benchmark.pedantic(lambda: pairs.append((run_side(ours), run_side(by_hand))), rounds=rounds)
    ratios = sorted(a / b for a, b in pairs)
    first, second = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    return first, second, ratio


def test_loop_in_the_app_against_the_bare_loop(
    benchmark: BenchmarkFixture, figures: list[Figure]
) -> None:
    app, bare, ratio = side_by_side(benchmark, "app-tutorial", "notebook-loop")
    measured = f"{app:,.0f} / {bare:,.0f} tokens/s = {ratio}"
    figures.append(Figure("GSM8K loop in the app / bare notebook loop", measured, "0.97"))


@pytest.mark.parametrize("preset", MEASURED)
def test_loop_in_the_app_against_the_command(
    benchmark: BenchmarkFixture, figures: list[Figure], preset: str
) -> None:
    app, command, ratio = side_by_side(benchmark, f"app-{preset}", f"command-{preset}")
    measured = f"{app:,.0f} / {command:,.0f} tokens/s = {ratio}"
    figures.append(Figure(f"{preset} in the app / by command", measured, "0.98"))


@pytest.mark.parametrize("preset", MEASURED)
def test_loop_in_an_engine_against_the_command(
    benchmark: BenchmarkFixture, figures: list[Figure], preset: str
) -> None:
    engine, command, ratio = side_by_side(benchmark, f"engine-{preset}", f"command-{preset}")
    measured = f"{engine:,.0f} / {command:,.0f} tokens/s = {ratio}"
    figures.append(Figure(f"{preset} in an engine / by command", measured, "0.98"))


def test_what_telling_a_view_costs(benchmark: BenchmarkFixture, figures: list[Figure]) -> None:
    """Steps of 150 tokens, 5,000 a second; of a core, beside what the loop itself takes."""
    alone, viewed = benchmark.pedantic(run_numbers, args=("told",), rounds=1)
    measured = f"{viewed - alone:.1%} of a core ({alone:.1%} without a view)"
    figures.append(Figure("5,000 reports/s told to a view", measured, "2%"))


def test_a_million_steps_on_screen(benchmark: BenchmarkFixture, figures: list[Figure]) -> None:
    numbers = benchmark.pedantic(run_numbers, args=("long-run",), rounds=1)
    (rss_before, seconds_before), (rss, seconds) = numbers[:2], numbers[2:]
    memory = f"{rss / 1e6:,.1f} / {rss_before / 1e6:,.1f} MB = {rss / rss_before:.3f}"
    drawing = f"{1e3 * seconds:.1f} / {1e3 * seconds_before:.1f} ms"
    drawing += f" = {seconds / seconds_before:.2f}"
    figures.append(Figure("memory after 1,000,000 steps / after 100,000", memory, "1"))
    figures.append(Figure("a redraw after 1,000,000 steps / after 100,000", drawing, "1"))


def test_step_key_to_table_against_the_bare_cell(
    benchmark: BenchmarkFixture, figures: list[Figure]
) -> None:
    app, bare, ratio = side_by_side(benchmark, "step-key", "bare-cell")
    measured = f"{1e3 * app:.1f} / {1e3 * bare:.1f} ms = {ratio}"
    figures.append(Figure("Step key to new table / bare cell + forward", measured, "1.3 or less"))


def test_evaluation_against_generate_one_at_a_time(
    benchmark: BenchmarkFixture, figures: list[Figure]
) -> None:
    ours, alone, ratio = side_by_side(benchmark, "answer-in-batches", "answer-alone", rounds=3)
    measured = f"{ours:.1f} / {alone:.1f} items/s = {ratio}"
    figures.append(Figure("evaluation / model.generate one at a time", measured, "4"))


def test_peak_memory_of_the_loss_in_chunks(
    benchmark: BenchmarkFixture, figures: list[Figure]
) -> None:
    """A row of 2,048 tokens and a vocabulary of 150,000, the loss alone."""
    chunked, plain, ratio = side_by_side(benchmark, "chunked-loss", "plain-loss", rounds=2)
    work = chunked - WIDTH * VOCABULARY * 4
    rest = f"without the matrix's gradient {work / 1e6:,.0f} MB = {work / plain:.3f}"
    measured = f"{chunked / 1e6:,.0f} / {plain / 1e6:,.0f} MB = {ratio}; {rest}"
    figures.append(Figure("peak of the loss in chunks / of plain cross entropy", measured, "1/8"))
