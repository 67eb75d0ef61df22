"""A terminal that gets another size: a screen is then as if it had been opened at that size."""

import asyncio
import re
from pathlib import Path

import pytest

from tests.fake_engine import FakeEngine
from tests.pilot import running, shown, until
from tui_trainer import app

NARROW, WIDE = (80, 24), (120, 40)
BETWEEN_DRAWINGS = 0.6
"""Seconds: a chart is drawn a few times a second at most."""


async def seen(keys: tuple[str, ...], done: str, *sizes: tuple[int, int]) -> str:
    """What is on the screen after `keys` at the first size, once `done` is, and at the others."""
    engine = FakeEngine()
    async with running("escape", *keys, size=sizes[0], engine=lambda _: engine) as (app, pilot):
        await until(pilot, lambda: done in shown(app))
        for size in sizes[1:]:
            await pilot.resize_terminal(*size)
        before, after = "", shown(app)
        while before != after:
            await until(pilot, lambda: app.session.worker.doing is None)
            await asyncio.sleep(BETWEEN_DRAWINGS)
            before, after = after, shown(app)
        return after


@pytest.mark.parametrize(
    ("keys", "done"),
    [
        ("2", "logit"),
        ("5.", "┤"),
        *(
            pytest.param(*case, marks=pytest.mark.long)
            for case in (("3", "loss"), ("4", "likeliest"))
        ),
    ],
)
async def test_a_narrower_terminal_shows_what_one_that_was_narrow_does(
    keys: str, done: str
) -> None:
    """Predict's columns and GSM8K's progress were cut until something else drew them anew."""
    in_turn = tuple("full_stop" if key == "." else key for key in keys)
    expected = await seen(in_turn, done, NARROW)
    assert await seen(in_turn, done, WIDE, NARROW) == expected


def test_a_line_that_does_not_wrap_is_never_cut_without_a_sign() -> None:
    """Who reads half a sentence is to see that there is more."""
    home = Path(app.__file__).parent
    sheets = [sheet.read_text() for kind in ("tcss", "py") for sheet in home.rglob(f"*.{kind}")]
    blocks = [block for sheet in sheets for block in re.split("[{}]", sheet)]
    blocks = [block for block in blocks if "wrap: nowrap" in block]
    assert len(blocks) > 20
    assert not [block for block in blocks if "ellipsis" not in block]
