"""What a person waits for, measured in a real pseudo-terminal."""

import statistics
import time
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.bench.conftest import Figure
from tests.terminal.terminal import Terminal

KEYS_PRESSED = 200
KEYS_TO_TUNED = (
    ("enter", "Settings of the next run"),
    ("ctrl+r", "ctrl+r tuned-cuda"),
    ("enter", "tuned · "),
)
"""The form's preset after tutorial, and what is shown after each key."""


@pytest.mark.parametrize("preset", ["tutorial", "tuned"])
def test_key_to_repaint_while_the_loop_runs(
    benchmark: BenchmarkFixture,
    figures: list[Figure],
    tmp_path: Path,
    preset: str,
) -> None:
    """Type on Tokens while the GSM8K loop trains at full speed."""
    terminal = Terminal(state=tmp_path, threads=None)
    try:
        terminal.wait_for("as loaded")
        terminal.press("escape")
        terminal.press("5")
        terminal.wait_for("[5 GSM8K]")
        if preset == "tuned":
            for key, then in KEYS_TO_TUNED:
                terminal.press(key)
                terminal.wait_for(then)
        terminal.press("space")
        terminal.wait_for("unsaved")
        terminal.press("1")
        terminal.wait_for("[1 Tokens]")
        terminal.press("enter")
        terminal.wait_for("leave text")
        terminal.press("z" * 8)
        terminal.wait_for("z" * 8)
        times = benchmark.pedantic(type_and_wait, args=(terminal,), rounds=1)
        assert "GSM8K running" in terminal.shown
    finally:
        terminal.close()
    p99 = statistics.quantiles(times, n=100)[98]
    median = statistics.median(times)
    measured = f"median {1e3 * median:.0f} ms, p99 {1e3 * p99:.0f} ms"
    figures.append(Figure(f"key to repaint while {preset} runs", measured, "p99 50 ms"))


def type_and_wait(terminal: Terminal) -> list[float]:
    """Seconds from each key to the text box that shows it."""
    times = []
    for number in range(KEYS_PRESSED):
        key = "ab"[number % 2]
        before = text_box(terminal)
        began = time.perf_counter()
        terminal.press(key)
        wait_while(terminal, before)
        times.append(time.perf_counter() - began)
        typed = text_box(terminal)
        terminal.press("\x7f")  # backspace: the text stays as long as it was
        wait_while(terminal, typed)
    return times


def text_box(terminal: Terminal) -> str:
    """The rows of the Tokens screen below the panel's title, which counts what is typed later."""
    return "\n".join(terminal.screen.display[2:4])


def wait_while(terminal: Terminal, text: str) -> None:
    deadline = time.perf_counter() + 10
    while text_box(terminal) == text:
        terminal.read(0.001)
        assert time.perf_counter() < deadline, terminal.shown
