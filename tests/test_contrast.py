"""What is drawn can be read, in every theme of ours, and without any colour at all."""

import asyncio
from collections.abc import Iterator

import pytest
from rich.segment import Segment
from textual.color import Color
from textual.strip import Strip

from tests.at_length import first_is_quick
from tests.fake_engine import FakeEngine
from tests.pilot import running, shown, until
from tui_trainer.app import TuiTrainer
from tui_trainer.contrast import contrast
from tui_trainer.reports.progress import Progress
from tui_trainer.themes import LEAST_CONTRAST
from tui_trainer.widgets.token_losses import COLOURED, ramp


def strips(app: TuiTrainer) -> list[Strip]:
    """What is drawn, row by row: of a dialog that alone, what is around it is made faint."""
    drawn = app.screen._compositor.render_strips()
    if not (app.screen.is_modal and app.screen.query(".dialog")):
        return drawn
    part = app.screen.query_one(".dialog").region
    return [strip.crop(part.x, part.right) for strip in drawn[part.y : part.bottom]]


def texts(app: TuiTrainer) -> Iterator[Segment]:
    """What is written, piece by piece; lines, bars and dots are no text."""
    for strip in strips(app):
        for segment in strip:
            if any(map(str.isalnum, segment.text)):
                yield segment


def faint(app: TuiTrainer) -> set[tuple[str, str, float]]:
    """The texts whose contrast with their ground is less than it must be."""
    found = set()
    for segment in texts(app):
        style = segment.style
        assert style is not None
        assert style.color is not None
        assert style.bgcolor is not None
        ink, ground = Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor)
        ratio = contrast(ground, ink) if style.reverse else contrast(ink, ground)
        if ratio < LEAST_CONTRAST or style.dim:
            found.add((segment.text.strip(), f"{ink.hex} on {ground.hex}", round(ratio, 2)))
    return found


async def look_at(app: TuiTrainer) -> None:
    """Wait until a whole screen is drawn."""
    before = ""
    while (now := shown(app)) != before:
        before = now
        await asyncio.sleep(0.1)


ANSWERS = "#### 1", "It is 2.", "#### 9", "#### 4"
KEYS = (
    ("1", "down"),
    ("b",),
    ("2",),
    ("3", "plus", "down"),
    ("4", "space"),
    ("v",),
    ("5", "full_stop"),
    ("r",),
    ("e",),
    ("escape", "enter"),
    ("escape", "6"),
    ("m",),
    ("escape", "question_mark"),
)
"""From one look to the next."""


async def test_a_picture_has_all_colours_whatever_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    async with running("escape", engine=with_none) as (app, _):
        assert ramp(app.screen.app) is COLOURED


@pytest.mark.parametrize("theme", first_is_quick("trainer-light", "trainer-colour-blind"))
async def test_every_text_of_every_screen_can_be_read(theme: str) -> None:
    async with running("escape", engine=with_none, size=(120, 40)) as (app, pilot):
        app.theme = theme
        seen: set[tuple[str, str, float]] = set()
        for keys in KEYS:
            await pilot.press(*keys)
            await look_at(app)
            seen |= faint(app)
        assert not seen


def with_none(_progress: Progress) -> FakeEngine:
    """An engine without a model, which knows some of the answers."""
    return FakeEngine(answers=[ANSWERS])


async def test_without_colours_all_is_grey_and_the_signs_are_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running("escape", engine=with_none, size=(120, 40)) as (app, pilot):
        for keys, signs in zip(KEYS, SIGNS, strict=False):
            await pilot.press(*keys)
            await until(pilot, lambda wanted: all(s in shown(app) for s in wanted), signs)
            assert not faint(app)
            for segment in texts(app):
                assert segment.style is not None
                for colour in (segment.style.color, segment.style.bgcolor):
                    assert colour is None or len(set(colour.get_truecolor())) == 1


SIGNS = (
    ("[1 Tokens]", "▶", "▐", "▌"),
    ("[", "]"),
    ("[2 Predict]", "▶"),
    ("[3 Loss]", "▶", "●", "↓"),
    ("[4 Step]", "▲ unsaved 1"),
    (),
    ("[5 GSM8K]", "▲ Start from which?"),
    ("⏸",),
    (),
    (),
    ("[6 Runs]",),
)
"""What tells apart at each look what a colour tells apart."""


MEANINGS = "better", "worse", "attention"
MARKS = set("↓↑✓✗▲*▶⏸■●◆")


def unsigned(app: TuiTrainer) -> set[str]:
    """What has the colour of a meaning, and no sign beside it.

    Keys of the footer mean none, and the loud end of the ramp of token losses is underlined.
    """
    inks = {Color.parse(app.theme_variables[name]).rgb for name in MEANINGS}
    found = set()
    for strip in strips(app)[:-1]:
        segments = list(strip)
        edge = Segment("")
        neighbours = zip([edge, *segments], segments, [*segments[1:], edge], strict=False)
        for before, segment, after in neighbours:
            colour = segment.style.color if segment.style else None
            if colour is None or colour.triplet not in inks or not segment.text.strip():
                continue
            is_loud = segment.style is not None and segment.style.underline
            if not is_loud and not MARKS & set(before.text + segment.text + after.text):
                found.add(segment.text)
    return found


async def test_what_is_refused_has_its_sign_where_it_was_asked_for() -> None:
    async with running("escape", "4", "l", engine=with_none, size=(120, 40)) as (app, pilot):
        await pilot.press(*"ten", "enter")
        await until(pilot, lambda: "✗" in "".join(strip.text for strip in strips(app)))
        assert not unsigned(app)
        await pilot.press("escape", "m", "tab", "home", "shift+end", "delete", "enter")
        await until(pilot, lambda: "✗" in "".join(strip.text for strip in strips(app)))
        assert not unsigned(app)


async def test_it_can_in_the_dark_and_what_has_a_meanings_colour_has_a_sign_beside_it() -> None:
    async with running("escape", engine=with_none, size=(120, 40)) as (app, pilot):
        seen: set[str] = set()
        for keys in KEYS:
            await pilot.press(*keys)
            await look_at(app)
            seen |= unsigned(app)
            assert not faint(app)
        assert not seen
