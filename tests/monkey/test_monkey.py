"""The monkey finds nothing; and where something is planted, the shortest way to it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.monkey.actions import Action
from tests.monkey.play import Episode
from tests.monkey.run import Report, find_wrong, shortest_of
from tui_trainer.screens.loss.screen import LossScreen

QUICK, LONG = 60, 10_000
SHRINK_SECONDS = 120.0
SIGNALS = signal.SIGTERM, signal.SIGHUP


@pytest.fixture
def model(
    model_folder: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """A tiny model; what is written by a relative path goes with the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = str(model_folder("Qwen3"))
    monkeypatch.chdir(tmp_path)
    return folder


async def test_nothing_is_wrong_in_a_few_actions(model: str) -> None:
    report = await find_wrong(QUICK, seed=13, model=model, seconds=SHRINK_SECONDS)
    assert report.wrong is None, str(report)


async def test_a_signal_is_for_the_monkey_and_not_for_one_of_its_apps(model: str) -> None:
    heard: list[int] = []

    def signal_all(action: Action | None) -> None:
        for number in SIGNALS if action is not None else ():
            signal.raise_signal(number)

    before = {number: signal.signal(number, lambda n, _: heard.append(n)) for number in SIGNALS}
    try:
        episode = Episode(model, signal_all)
        assert await episode.run([Action(b"~"), Action(b"~")]) == (2, None)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert heard == [*SIGNALS, *SIGNALS]


@pytest.mark.long
def test_the_monkey_ends_at_the_first_sigterm_and_leaves_nothing(tmp_path: Path) -> None:
    monkey = subprocess.Popen(
        [sys.executable, "-m", "tests.monkey", "--jobs", "2", "--actions", "1000000"],
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    deadline = time.monotonic() + 120
    while len(list(tmp_path.glob("tui-trainer-monkey-*/model/config.json"))) < 2:
        assert time.monotonic() < deadline
        assert monkey.poll() is None
        time.sleep(0.1)
    monkey.terminate()
    assert monkey.wait(30) == 128 + signal.SIGTERM
    assert not list(tmp_path.glob("tui-trainer-monkey-*"))


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(4))
async def test_nothing_is_wrong_in_ten_thousand_actions(model: str, seed: int) -> None:
    report = await find_wrong(LONG // 4, seed, model, SHRINK_SECONDS)
    assert report.wrong is None, str(report)


@pytest.mark.long
async def test_what_is_wrong_is_found_in_as_few_actions_as_show_it(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: LossScreen) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(LossScreen, "action_label", fail)
    needless = [Action(size=(40, 12)), Action(b"~"), Action(b"\x1b[200~text\x1b[201~")]
    actions = [*needless, Action(b"\x1b[27u3"), *needless, Action(b" "), *needless]
    made, wrong = await Episode(model).run(actions)
    assert wrong is not None
    assert "ZeroDivisionError" in wrong.what
    shortest = await shortest_of(actions[:made], wrong, model, SHRINK_SECONDS)
    assert shortest == [Action(b"\x1b[27u3"), Action(b" ")]
    assert str(Report(0, made, wrong, tuple(shortest))).endswith("  '\\x1b[27u3'\n  ' '")
