"""The colours of a theme on a terminal that has sixteen: each can be read on its ground.

What is nearest alone, as Textual has it, is cyan on white for a dark blue.
"""

import colorsys
from functools import lru_cache

from rich._palettes import STANDARD_PALETTE
from rich.color import Color, ColorSystem
from rich.color_triplet import ColorTriplet
from rich.style import Style
from textual.color import Color as Shade

from tui_trainer.contrast import contrast

COUNT = 16
XTERM = """\
#000000 #cd0000 #00cd00 #cdcd00 #0000ee #cd00cd #00cdcd #e5e5e5
#7f7f7f #ff0000 #00ff00 #ffff00 #5c5cff #ff00ff #00ffff #ffffff"""
VGA = [STANDARD_PALETTE[number].hex for number in range(COUNT)]
TERMINALS = tuple(tuple(map(Shade.parse, palette)) for palette in (VGA, XTERM.split()))
"""What the sixteen look like, here and there: a terminal tells nobody."""
READ, SEEN = 3.0, 1.5
"""The least contrast of what is text, and of what is a line."""
ONE_HUE = 45
"""Degrees: orange is a yellow, or a red, and no green."""
LEAST_CHROMA = 40
"""Of 255: what has less is a grey."""


@lru_cache(maxsize=4096)
def in_sixteen(style: Style) -> Style:
    """The same in the terminal's own colours; what is in them already, or has no ground, stays."""
    ink, ground = style.color, style.bgcolor
    if ink is None or ground is None or ink.triplet is None or ground.triplet is None:
        return style
    below = ground.downgrade(ColorSystem.STANDARD).number or 0
    number = ink_on(ink.triplet, ground.triplet, below)
    return style + Style(color=Color.from_ansi(number), bgcolor=Color.from_ansi(below))


@lru_cache(maxsize=4096)
def ink_on(ink: ColorTriplet, ground: ColorTriplet, below: int) -> int:
    """The one of the sixteen that is nearest to `ink` among those to be read on number `below`.

    Of its hue first, by which a colour means something; grey where none of that can be read.
    """
    was = contrast(Shade(*ink), Shade(*ground))
    least = READ if was >= READ else min(was, SEEN)
    fit = [number for number in range(COUNT) if least_contrast(number, below) >= least]
    alike = [number for number in fit if hues_apart(ink, STANDARD_PALETTE[number]) <= ONE_HUE]
    greys = [number for number in fit if hue(STANDARD_PALETTE[number]) is None]
    return min(
        alike or greys,
        key=lambda number: (
            round(hues_apart(ink, STANDARD_PALETTE[number])),
            distance(ink, STANDARD_PALETTE[number]),
        ),
    )


def hue(colour: ColorTriplet) -> float | None:
    """In degrees; None for a grey."""
    if max(colour) - min(colour) < LEAST_CHROMA:
        return None
    return 360 * colorsys.rgb_to_hls(*colour.normalized)[0]


def hues_apart(one: ColorTriplet, other: ColorTriplet) -> float:
    """Degrees between two hues; 0 between greys, 180 between a grey and a hue."""
    first, second = hue(one), hue(other)
    if first is None or second is None:
        return 0.0 if first is second else 180.0
    apart = abs(first - second)
    return min(apart, 360 - apart)


def least_contrast(number: int, below: int) -> float:
    return min(contrast(colours[number], colours[below]) for colours in TERMINALS)


def distance(one: ColorTriplet, other: ColorTriplet) -> float:
    """As far as they look apart, by the mean red (Riemersma, Colour metric)."""
    red = (one.red + other.red) / 2
    by = [(a - b) ** 2 for a, b in zip(one, other, strict=True)]
    return (2 + red / 256) * by[0] + 4 * by[1] + (2 + (255 - red) / 256) * by[2]
