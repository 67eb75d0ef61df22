"""What a person waits for until the app is there; beside that of an earlier commit, in turns.

`make bench BEFORE=COMMIT` names it; without one only what is checked out is measured.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.bench.conftest import Figure
from tests.terminal.terminal import Terminal

ROUNDS = 10
HERE = Path(__file__).parent.parent.parent
Start = Callable[[list[str], Path], float]


def help_seconds(command: list[str], _: Path) -> float:
    began = time.perf_counter()
    subprocess.run([*command, "--help"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def seconds_until(text: str) -> Start:
    """From the start to where `text` is on the screen; ending the app is not waited for."""

    def start(command: list[str], state: Path) -> float:
        began = time.perf_counter()
        terminal = Terminal(state=state, command=command)
        try:
            terminal.wait_for(text)
            return time.perf_counter() - began
        finally:
            terminal.close()

    return start


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Where the program is, as it is and as it was."""
    sources = {"now": HERE / "src"}
    if before := os.environ.get("BEFORE"):
        folder = tmp_path_factory.mktemp("before")
        files = subprocess.run(
            ["git", "archive", before, "src"], cwd=HERE, check=True, stdout=subprocess.PIPE
        )
        subprocess.run(["tar", "-x", "-C", str(folder)], input=files.stdout, check=True)
        sources["before"] = folder / "src"
    return sources


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("what", "start", "goal"),
    [
        ("--help", help_seconds, "not slower"),
        ("start to first frame", seconds_until("1 Tokens"), "0.5 s"),
        ("start to model ready", seconds_until("as loaded"), "4 s"),
    ],
    ids=["help", "frame", "ready"],
)
def test_start(
    benchmark: BenchmarkFixture,
    figures: list[Figure],
    sources: dict[str, Path],
    tmp_path: Path,
    what: str,
    start: Start,
    goal: str,
) -> None:
    measured: dict[str, list[float]] = {side: [] for side in sources}

    def each_in_turn() -> None:
        for side, source in sources.items():
            command = ["env", f"PYTHONPATH={source}", sys.executable, "-m", "tui_trainer"]
            measured[side].append(start(command, tmp_path))

    benchmark.pedantic(each_in_turn, rounds=ROUNDS + 1)
    for side, seconds in measured.items():
        told = f"median {statistics.median(seconds[1:]):.3f} s, max {max(seconds[1:]):.3f} s"
        figures.append(Figure(what if side == "now" else f"{what}, {side}", told, goal))
