"""What a person waits for, measured in a real pseudo-terminal."""

import statistics
import sys
import time
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.bench.conftest import Figure
from tests.terminal.terminal import Terminal

KEYS_PRESSED = 200
ATTACHES = 9
ATTACH = sys.executable, "-m", "tui_trainer", "attach"
FULL_FRAME = "builtin 4.28M", "unsaved", "paused"
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


def test_attach_to_the_first_full_frame(
    benchmark: BenchmarkFixture, figures: list[Figure], tmp_path: Path
) -> None:
    """To a session whose loop was left paused, as after an ssh that dropped: the model's name, the
    weights' state and the loop are there."""
    first = Terminal(state=tmp_path, threads=None)
    try:
        first.wait_for("as loaded")
        first.press("escape")
        first.press("5")
        first.wait_for("[5 GSM8K]")
        first.press("space")
        first.wait_for("unsaved")
        first.press("space")
        first.wait_for("paused")
        first.press("D")
        assert first.wait_for_end() == 0
        times = benchmark.pedantic(attach_often, args=(tmp_path, first.place), rounds=1)
    finally:
        first.close()
    measured = f"median {statistics.median(times):.2f} s, most {max(times):.2f} s"
    figures.append(Figure("attach to the first full frame", measured, "0.6 s"))


def attach_often(state: Path, place: Path) -> list[float]:
    """Seconds from the command to the frame, of views that come and go."""
    times = []
    for _ in range(ATTACHES):
        began = time.perf_counter()
        view = Terminal(state=state, place=place, threads=None, command=ATTACH)
        try:
            while not all(text in view.shown for text in FULL_FRAME):
                view.read(0.005)
                assert time.perf_counter() - began < 20, view.shown
            times.append(time.perf_counter() - began)
            view.press("escape")
            view.press("D")
            assert view.wait_for_end() == 0
        finally:
            view.close()
    return times


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
