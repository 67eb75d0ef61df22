"""The threads that are chosen against each that could be set: alone, beside others, with a quota.

`python -m pytest tests/bench/test_bench_threads.py --benchmark-only -m "" -s`, on a machine that
does nothing else; four minutes.
"""

import os
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.bench.conftest import Figure
from tests.bench.quota import one_cpu
from tests.bench.thread_sides import AUTO
from tui_trainer.words.table import TextColumn, table

SECONDS, ROUNDS = 6, 2
ALL = str(len(os.sched_getaffinity(0)))
"""As torch has it of itself."""
ALONE, BESIDE, QUOTA = "alone", "beside a busy process", "one CPU's quota"
ONE, TODAY, PASSIVE = "1 thread", f"{ALL} threads, as torch has it", f"{ALL} threads, PASSIVE"
GOALS = {ALONE: (TODAY, 0.98), BESIDE: ("the best", 0.85), QUOTA: (ONE, 0.9)}
SIDES = (
    (ALONE, TODAY),
    (ALONE, AUTO),
    (BESIDE, TODAY),
    (BESIDE, PASSIVE),
    (BESIDE, ONE),
    (BESIDE, AUTO),
    (QUOTA, TODAY),
    (QUOTA, ONE),
    (QUOTA, AUTO),
)
COLUMNS = (
    TextColumn("", 24, left=True),
    TextColumn("threads", 28, left=True),
    TextColumn("tokens/s", 9),
    TextColumn("rounds", 16),
    TextColumn("last step's", 11),
)
pytestmark = pytest.mark.timeout(900)


@contextmanager
def busy() -> Iterator[None]:
    """A process that keeps one core for itself, or as much of it as the system gives it."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def run_side(threads: str, prefix: tuple[str, ...] = (), more: tuple[str, ...] = ()) -> list[float]:
    """Tokens a second, and the threads of the last step."""
    number = {ONE: "1", AUTO: AUTO}.get(threads, ALL)
    environment = {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name}
    if threads == PASSIVE:
        environment["OMP_WAIT_POLICY"] = "PASSIVE"
    side = [sys.executable, "-m", "tests.bench.thread_sides", number, str(SECONDS)]
    command = [*prefix, *side, *more]
    ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return [float(number) for number in ended.stdout.split()]


def test_threads_that_are_chosen_against_those_that_are_set(
    benchmark: BenchmarkFixture, figures: list[Figure], tmp_path: Path
) -> None:
    found: dict[tuple[str, str], list[list[float]]] = defaultdict(list)
    with one_cpu(tmp_path) as quota:

        def measure() -> None:
            for where, threads in SIDES:
                if where == BESIDE:
                    with busy():
                        found[where, threads].append(run_side(threads))
                elif where == QUOTA:
                    found[where, threads].append(run_side(threads, quota.prefix, quota.arguments))
                else:
                    found[where, threads].append(run_side(threads))

        benchmark.pedantic(measure, rounds=ROUNDS)
    rates = {side: statistics.median(rate for rate, _ in runs) for side, runs in found.items()}
    print(f"\n{QUOTA}: {quota.told}")
    print("\n".join(table(COLUMNS, [cells(side, found[side]) for side in SIDES])))
    for where, (against, goal) in GOALS.items():
        fixed = {threads: rate for (at, threads), rate in rates.items() if at == where}
        auto = fixed.pop(AUTO)
        best = fixed.get(against, max(fixed.values()))
        measured = f"{auto:,.0f} / {best:,.0f} tokens/s = {auto / best:.2f}"
        figures.append(Figure(f"threads auto / {against}, {where}", measured, f"{goal}"))


def cells(side: tuple[str, str], runs: list[list[float]]) -> tuple[str, ...]:
    rates, threads = zip(*runs, strict=True)
    each = " ".join(f"{rate:,.0f}" for rate in rates)
    return *side, f"{statistics.median(rates):,.0f}", each, " ".join(f"{n:.0f}" for n in threads)
