"""What a running loop writes to the terminal: little enough for a slow link."""

import random
import time
from dataclasses import replace

import pyte
import pytest
from textual.drivers.headless_driver import HeadlessDriver

from tests.at_length import first_is_quick
from tests.fake_engine import FakeEngine
from tests.known import the
from tests.pilot import running, shown, until
from tests.terminal.seen import cells
from tui_trainer.app import TuiTrainer
from tui_trainer.reports.steps import StepReport
from tui_trainer.screens.gsm8k.screen import SHOW_SECONDS, Gsm8kScreen

A_SECOND = 6_000
"""Bytes that a running loop may cost the link: a twentieth of 1 Mbit/s."""
STEPS = 7
"""Between two redraws: 14 a second, as the tutorial's loop makes on two cores."""
NAMED = {" ": "space", ".": "full_stop", "?": "question_mark", ",": "comma"}
POINTER = "\x1b]22;"
"""What tells the shape of the mouse."""
FIRST, REDRAWS = 2, 4
TEXT = "Tom has twelve apples and gives three of them to a friend . How many are left ?"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All that goes to the terminal, in a process that has none."""
    pieces: list[str] = []
    monkeypatch.setattr(HeadlessDriver, "is_headless", False)
    monkeypatch.setattr(HeadlessDriver, "write", lambda _, text: pieces.append(text))
    monkeypatch.setenv("COLORTERM", "truecolor")
    return pieces


def with_its_own_text(report: StepReport) -> StepReport:
    """Each step's item is another one, of a hundred tokens, on the ramp of their losses."""
    dice = random.Random(report.step)
    words = TEXT.split()
    texts = tuple(f" {dice.choice(words)}" for _ in range(100))
    losses = (None, *(dice.expovariate(2.0) for _ in texts[1:]))
    item = replace(
        report.item, text="".join(texts), token_texts=texts, token_losses=losses, answer_start=50
    )
    return replace(report, item=item)


@pytest.mark.parametrize("size", first_is_quick((80, 24), (200, 60)))
async def test_a_running_loop_costs_the_link_little(
    written: list[str], size: tuple[int, int]
) -> None:
    engine = FakeEngine(
        [4.0 / (1 + n / 20) for n in range(100)], gated=True, change=with_its_own_text
    )
    async with running("escape", "5", "space", engine=lambda _: engine, size=size) as (app, pilot):
        screen = the(Gsm8kScreen, app.screen)
        for redraw in range(1, FIRST + REDRAWS + 1):
            engine.gate.release(STEPS)
            await until(pilot, is_drawn, screen, redraw * STEPS)
            if redraw == FIRST:
                written.clear()
                began = time.monotonic()
        seconds = time.monotonic() - began  # more where the machine is busy: fewer redraws too
        size_of_all = len("".join(written).encode())
        engine.gate.release(100)
    assert size_of_all <= A_SECOND * max(seconds, REDRAWS * SHOW_SECONDS)


async def test_the_terminal_shows_what_all_of_it_drawn_anew_would(written: list[str]) -> None:
    """On each screen, after others, a dialog, a sheet and a notification."""
    screen = pyte.Screen(80, 24)
    stream = pyte.Stream(screen)
    async with running("escape", engine=lambda _: FakeEngine([3.0, 2.0])) as (app, pilot):
        for keys in ("1b", "5. ", "2", "3?", "4 ", "6", "5,", "1"):
            await pilot.press(*(NAMED.get(key, key) for key in keys))
            await pilot.press("escape", "escape")
            app.clear_notifications()  # else one goes while the two are compared
            await pilot.pause(0.2)
            stream.feed("".join(written))
            written.clear()
        seen, anew = cells(screen), pyte.Screen(80, 24)
        app.action_redraw()
        await until(pilot, lambda: len("".join(written)) > 80 * 24)
        pyte.Stream(anew).feed("".join(written))
    rows = [number for number in range(24) if cells(anew)[number] != seen[number]]
    assert not rows


async def test_a_terminal_that_stands_still_is_sent_one_frame_when_it_goes_on(
    written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running("escape", engine=lambda _: FakeEngine()) as (app, pilot):
        await pilot.pause(0.2)
        monkeypatch.setattr(TuiTrainer, "is_behind", True)
        written.clear()
        for digit in "234":
            await pilot.press(digit)
            await until(pilot, lambda tab: tab in shown(app), f"[{digit} ")
        assert not [text for text in written if not text.startswith(POINTER)]
        monkeypatch.setattr(TuiTrainer, "is_behind", False)
        await until(pilot, lambda: "4 Step" in "".join(written))
        assert "3 Loss]" not in "".join(written)


def is_drawn(screen: Gsm8kScreen, step: int) -> bool:
    return screen.report is not None and screen.report.step == step and not screen.loop.waits
