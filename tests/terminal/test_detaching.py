"""A real app in a real terminal: its engine goes on without it, and another view is back at it."""

import os
import signal
import sys
import time
from pathlib import Path

from tests.engines_begun import engines
from tests.terminal.seen import steps_made
from tests.terminal.terminal import SECONDS_AT_MOST, Terminal
from tui_trainer.runs.home import run_folders
from tui_trainer.runs.listing import open_run

ATTACH = sys.executable, "-m", "tui_trainer", "attach"


def begin_a_loop(terminal: Terminal, steps: int) -> None:
    terminal.wait_for("as loaded")
    terminal.press("escape")
    terminal.press("5")
    terminal.wait_for("[5 GSM8K]")
    terminal.press("space")
    terminal.wait(lambda shown: steps_made(shown) >= steps, f"{steps} steps")


def see_the_loop(terminal: Terminal, steps: int) -> None:
    terminal.wait_for("GSM8K")
    terminal.press("escape")
    terminal.press("5")
    terminal.wait_for("[5 GSM8K]")
    terminal.wait(lambda shown: steps_made(shown) >= steps, f"{steps} steps")


def test_a_loop_outlives_a_detach_and_a_dead_terminal_and_is_saved_by_whoever_quits(
    tmp_path: Path, place: Path
) -> None:
    """D leaves it; a plain start is back with one key, and its terminal dies; a third view sees it
    all, saves and quits."""
    first = Terminal(state=tmp_path, place=place)
    try:
        begin_a_loop(first, 3)
        first.press("D")
        assert first.wait_for_end() == 0
        assert first.is_restored()
        assert "session 1 goes on; come back to it with:" in first.shown
    finally:
        first.close()
    (engine,) = engines(place)

    second = Terminal(state=tmp_path, place=place)
    second.wait_for("tui-trainer: session 1 (builtin, GSM8K running, left ")
    second.press("enter")
    see_the_loop(second, 6)
    second.child.ptyproc.fileobj.close()
    second.close()
    assert engines(place) == [engine]

    third = Terminal(state=tmp_path, place=place, command=ATTACH)
    try:
        see_the_loop(third, 9)
        assert "running" in third.shown
        third.press("q")
        third.wait_for("d detach")
        third.press("w")
        assert third.wait_for_end() == 0
        assert third.is_restored()
    finally:
        third.close()
    deadline = time.monotonic() + SECONDS_AT_MOST
    while engines(place):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (folder,) = run_folders()
    run = open_run(folder)
    assert run.checkpoints == (run.description.tally.step,)
    assert run.description.tally.step >= 9


def test_a_view_of_an_engine_that_is_killed_says_so_and_begins_another(
    tmp_path: Path, place: Path
) -> None:
    terminal = Terminal(state=tmp_path, place=place)
    try:
        begin_a_loop(terminal, 2)
        (engine,) = engines(place)
        os.kill(engine, signal.SIGKILL)
        terminal.wait_for("SIGKILL")
        terminal.wait_for("R begins a new engine")
        terminal.press("R")
        terminal.wait_for("as loaded")
        (other,) = engines(place)
        assert other != engine
        terminal.press("q")
        assert terminal.wait_for_end() == 0
    finally:
        terminal.close()
