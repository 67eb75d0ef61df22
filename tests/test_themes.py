"""Every text of every theme can be read, and what a colour means is there in each of them."""

import itertools

import pytest
from rich.color import ColorSystem
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from tui_trainer.configuration.options import USUAL_THEME
from tui_trainer.contrast import contrast
from tui_trainer.themes import (
    COLOUR_BLIND,
    GROUNDS,
    LEAST_CONTRAST,
    OURS,
    Themed,
)

INKS = "better", "worse", "attention", "data", "data-2", "context"
RAMP = tuple(f"token-{step}" for step in range(1, 6))
TRUE_COLOUR = [*OURS.values(), *(theme for theme in BUILTIN_THEMES.values() if not theme.ansi)]

# How those who lack one kind of cone see linear RGB (Machado, Oliveira, Fernandes 2009, table 1).
DEUTERANOPIA = (
    (0.367322, 0.860646, -0.227968),
    (0.280085, 0.672501, 0.047413),
    (-0.011820, 0.042940, 0.968881),
)
PROTANOPIA = (
    (0.152286, 1.052583, -0.204868),
    (0.114503, 0.786281, 0.099216),
    (-0.003882, -0.048116, 1.051998),
)
Matrix = tuple[tuple[float, float, float], ...]


def variables(theme: Theme) -> dict[str, str]:
    """All of a theme's variables, as the app has them."""
    app = Themed[None]()
    app.theme = theme.name
    return app.get_css_variables()


def grounds(made: dict[str, str]) -> list[Color]:
    """What text stands on; every second row of a table is a little lighter or darker."""
    plain = [Color.parse(made[name]) for name in GROUNDS]
    return [*plain, plain[0] + Color.parse(made["boost"])]


def ink(value: str, ground: Color) -> Color:
    """A colour as it is drawn there: `auto 75%` is so much of black or white, whichever is seen."""
    name, _, share = value.partition(" ")
    if name == "auto":
        return ground.get_contrast_text(float(share.rstrip("%")) / 100)
    return Color.parse(value)


@pytest.mark.parametrize("theme", TRUE_COLOUR, ids=lambda theme: theme.name)
def test_every_ink_can_be_read_on_every_ground(theme: Theme) -> None:
    made = variables(theme)
    for name in (*INKS, *RAMP, "text", "text-muted", "text-disabled"):
        for ground in grounds(made):
            assert contrast(ink(made[name], ground), ground) >= LEAST_CONTRAST, (name, ground.hex)


@pytest.mark.parametrize("theme", OURS.values(), ids=lambda theme: theme.name)
def test_so_it_can_on_a_terminal_of_256_colours(theme: Theme) -> None:
    made = variables(theme)
    for name in (*INKS, *RAMP, "text", "text-muted", "text-disabled", "foreground"):
        for ground in grounds(made):
            drawn = ground + ink(made[name], ground)
            assert contrast(of_256(drawn), of_256(ground)) >= LEAST_CONTRAST, (name, ground.hex)


def of_256(colour: Color) -> Color:
    """What a terminal in a browser makes of it."""
    return Color.from_rich_color(colour.rich_color.downgrade(ColorSystem.EIGHT_BIT))


@pytest.mark.parametrize("theme", OURS.values(), ids=lambda theme: theme.name)
def test_so_can_what_textuals_own_widgets_write(theme: Theme) -> None:
    made = variables(theme)
    pairs = (
        ("footer-key-foreground", "footer-background"),
        ("footer-description-foreground", "footer-background"),
        ("block-cursor-foreground", "block-cursor-background"),
        ("block-cursor-blurred-foreground", "block-cursor-blurred-background"),
        ("foreground", "screen-selection-background"),
        ("input-selection-foreground", "input-selection-background"),
        ("input-cursor-foreground", "input-cursor-background"),
        *(
            (f"text-{kind}", ground)
            for kind in ("error", "warning", "accent")
            for ground in GROUNDS
        ),
        *(("text", f"{kind}-muted") for kind in ("primary", "success", "warning", "error")),
        ("text", "primary"),
    )
    for name, below in pairs:
        ground = Color.parse(made[below])
        assert contrast(ink(made[name], ground), ground) >= LEAST_CONTRAST, (name, below)


@pytest.mark.parametrize("theme", TRUE_COLOUR, ids=lambda theme: theme.name)
def test_the_keys_of_the_footer_can_be_read_in_every_theme(theme: Theme) -> None:
    made = variables(theme)
    ground = Color.parse(made["footer-background"])
    for name in ("footer-key-foreground", "footer-description-foreground"):
        assert contrast(Color.parse(made[name]), ground) >= LEAST_CONTRAST


def test_our_names_mean_something_in_every_theme_there_is() -> None:
    for theme in Themed[None]().available_themes.values():
        made = variables(theme)
        for name in (*INKS, *RAMP, "line", "cursor"):
            assert Color.parse(made[name])


def test_ours_come_first_and_the_dark_one_is_the_default() -> None:
    app = Themed[None]()
    assert app.theme == app.current_theme.name == USUAL_THEME
    assert list(app.available_themes)[: len(OURS)] == list(OURS)
    assert "nord" in app.available_themes


def seen(colour: Color, matrix: Matrix) -> tuple[float, float, float]:
    """The CIE L*a*b* of a colour as someone sees it who lacks one kind of cone."""
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in colour.normalized
    ]
    r, g, b = (
        min(1.0, max(0.0, sum(a * part for a, part in zip(row, linear, strict=True))))
        for row in matrix
    )
    x = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def distance(first: str, second: str, matrix: Matrix) -> float:
    """Delta E (CIE 1976): 2 is just seen side by side."""
    pairs = zip(*(seen(Color.parse(colour), matrix) for colour in (first, second)), strict=True)
    return sum((a - b) ** 2 for a, b in pairs) ** 0.5


@pytest.mark.parametrize("matrix", [DEUTERANOPIA, PROTANOPIA], ids=["deutan", "protan"])
def test_who_does_not_see_red_and_green_apart_has_a_theme(matrix: Matrix) -> None:
    made = variables(COLOUR_BLIND)
    for first, second in itertools.combinations(("better", "worse", "attention", "data"), 2):
        assert distance(made[first], made[second], matrix) > 30
    for first, second in itertools.pairwise(RAMP):
        assert distance(made[first], made[second], matrix) > 10
    assert distance(made["token-1"], made["token-5"], matrix) > 60
