"""On a terminal with sixteen colours each text can be read, and what a colour means can be told."""

import pytest
from rich.color import Color, ColorSystem
from rich.color_triplet import ColorTriplet
from rich.style import Style
from textual.color import Color as Shade

from tui_trainer.terminal.sixteen import READ, in_sixteen, ink_on, least_contrast
from tui_trainer.themes import GROUNDS, OURS

TEXTS = "better", "worse", "attention", "data", "data-2", "context", "token-1", "token-5"
GREEN, BROWN, CYAN, RED, BLUE = 10, 3, 14, 1, 4


def triplet(colour: str) -> ColorTriplet:
    return ColorTriplet(*Shade.parse(colour).rgb)


def numbers(theme: str, ground: str) -> dict[str, int]:
    """Which of the sixteen each meaning has on that ground, by its name."""
    named = OURS[theme].variables | {
        "background": OURS[theme].background or "",
        "surface": OURS[theme].surface or "",
        "panel": OURS[theme].panel or "",
    }
    below = triplet(named[ground])
    number = Color.from_triplet(below).downgrade(ColorSystem.STANDARD).number or 0
    return {name: ink_on(triplet(named[name]), below, number) for name in TEXTS} | {"": number}


@pytest.mark.parametrize("theme", OURS)
@pytest.mark.parametrize("ground", GROUNDS)
def test_every_meaning_can_be_read_on_every_ground(theme: str, ground: str) -> None:
    made = numbers(theme, ground)
    assert all(least_contrast(made[name], made[""]) >= READ for name in TEXTS)


def test_what_a_colour_means_keeps_its_hue_where_that_can_be_read() -> None:
    dark, light = numbers("trainer-dark", "background"), numbers("trainer-light", "background")
    assert [dark[name] for name in ("better", "attention", "data")] == [GREEN, BROWN, CYAN]
    assert [light[name] for name in ("worse", "data")] == [RED, BLUE]
    for theme in OURS:
        made = numbers(theme, "background")
        assert made["better"] != made["worse"]


def test_what_is_in_the_terminals_own_colours_stays() -> None:
    for words in ("red on blue", "bold", "#58b7ff"):
        assert in_sixteen(Style.parse(words)) == Style.parse(words)
