"""What crosses a slow link to the terminal, and when what a key brings is there."""

import statistics
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.bench.conftest import Figure
from tests.bench.link import FarTerminal, Repaint
from tui_trainer.widgets.screen_tabs import SCREENS

SIZES = ((80, 24), (120, 40), (200, 60))
SETTLES, FOLLOWED = 1.0, 4.0
"""Seconds until a screen that was opened is up to date, and for which it is looked at then."""
SWITCHES = 5
Shown = Callable[[str], object]


@pytest.mark.parametrize("in_tmux", [False, True], ids=["alone", "tmux"])
@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_a_loop_over_a_slow_link(
    benchmark: BenchmarkFixture,
    figures: list[Figure],
    tmp_path: Path,
    columns: int,
    rows: int,
    in_tmux: bool,
) -> None:
    """GSM8K's loop runs on the built-in model; 40 ms there and back, 1 Mbit/s."""
    where = f"{columns}x{rows}, {'tmux at the far end' if in_tmux else 'no tmux'}"
    terminal = FarTerminal(state=tmp_path, columns=columns, rows=rows, in_tmux=in_tmux)
    try:
        begin_loop(terminal)
        carried = benchmark.pedantic(bytes_of_each_screen, args=(terminal,), rounds=1)
        switches = [screen for _ in range(SWITCHES) for screen in visits(terminal)]
        keys = list(keys_within_screens(terminal))
    finally:
        terminal.close()
    most = max(carried, key=lambda title: carried[title])
    told = f"at most {carried[most] / 1e3:.1f} kB/s, on {most}"
    figures.append(Figure(f"link, {where}: a loop runs", told, "6 kB/s"))
    figures.append(Figure(f"link, {where}: key to repaint", times_of(keys), "150 ms"))
    figures.append(Figure(f"link, {where}: to another screen", times_of(switches), "150 ms"))


def begin_loop(terminal: FarTerminal) -> None:
    terminal.wait_for("builtin 4.28M")
    terminal.press("escape")
    terminal.press("5")
    terminal.wait_for("[5 GSM8K]")
    terminal.press("space")
    terminal.wait_for("unsaved")
    for _ in visits(terminal):
        terminal.carried(1.0)


def visits(terminal: FarTerminal) -> Iterator[Repaint]:
    """Every screen once, each after what the one before brought is there."""
    for digit, title in SCREENS.values():
        yield terminal.press_far(digit, shows(f"[{digit} {title}]"))
        terminal.carried(0.3)


def bytes_of_each_screen(terminal: FarTerminal) -> dict[str, float]:
    """Bytes a second, by the title of the screen, once what opening it brings is there."""
    rates = {}
    for (_, title), _opened in zip(SCREENS.values(), visits(terminal), strict=True):
        terminal.carried(SETTLES)
        rates[title] = terminal.carried(FOLLOWED) / FOLLOWED
    return rates


def keys_within_screens(terminal: FarTerminal) -> Iterator[Repaint]:
    """The cursor in a table, and letters in a text box."""
    terminal.press_far("3", shows("[3 Loss]"))
    for key in ("\x1b[B", "\x1b[A") * 3:
        terminal.carried(0.3)
        yield terminal.press_far(key, moved_from(terminal, cursor_row(terminal)))
    terminal.press_far("1", shows("[1 Tokens]"))
    terminal.press_far("enter", shows("leave text"))
    terminal.press_far("z", shows("1 character"))  # takes the place of the text there is
    for count in range(2, 8):
        terminal.carried(0.3)
        yield terminal.press_far("z", shows("z" * count))


def shows(text: str) -> Shown:
    return lambda shown: text in shown


def moved_from(terminal: FarTerminal, row: int | None) -> Shown:
    return lambda _: cursor_row(terminal) != row


def cursor_row(terminal: FarTerminal) -> int | None:
    """The row of the table that the cursor is in."""
    rows = enumerate(terminal.screen.display)
    return next((number for number, line in rows if "▶" in line and "running" not in line), None)


def times_of(repaints: list[Repaint]) -> str:
    times = [1e3 * one.seconds for one in repaints]
    size = statistics.median(one.size for one in repaints) / 1e3
    return f"median {statistics.median(times):.0f} ms, most {max(times):.0f} ms, {size:.1f} kB each"
