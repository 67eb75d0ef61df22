"""The app's screen as a picture of pixels, cell by cell, the same on every machine.

Not from the SVG of a screenshot: that names a font of the web, and what a machine has instead is
wider or narrower than its cells. The font here comes with matplotlib; what it lacks is drawn.
"""

from functools import cache
from pathlib import Path

import matplotlib as mpl
from PIL import Image, ImageDraw, ImageFont
from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual._context import visible_screen_stack
from textual.app import App
from textual.strip import Strip

CELL = WIDTH, HEIGHT = 9, 18
FONT_SIZE = 15
BASELINE = 14
FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
FIRST_BRAILLE, LAST_BRAILLE = 0x2800, 0x28FF
FIRST_EIGHTH, LAST_EIGHTH = 0x2581, 0x258F
DOTS = (0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)
"""Column and row of each dot of a braille cell, by its bit."""
GROUND, TEXT = (16, 21, 28), (224, 224, 224)
Rgb = tuple[int, int, int]


def picture_of(app: App[int]) -> Image.Image:
    """What is on show now, dialogs too."""
    visible_screen_stack.set(app._background_screens)
    return draw_strips(app.screen._compositor.render_strips())


def draw_strips(strips: list[Strip]) -> Image.Image:
    columns = max((strip.cell_length for strip in strips), default=0)
    image = Image.new("RGB", (columns * WIDTH, len(strips) * HEIGHT), GROUND)
    canvas = ImageDraw.Draw(image)
    for row, strip in enumerate(strips):
        column = 0
        for segment in strip:
            draw_segment(canvas, segment, column, row)
            column += cell_len(segment.text)
    return image


def draw_segment(canvas: ImageDraw.ImageDraw, segment: Segment, column: int, row: int) -> None:
    if not segment.text:
        return
    style = segment.style or Style()
    ink, ground = colours_of(style)
    left, top = column * WIDTH, row * HEIGHT
    right = left + cell_len(segment.text) * WIDTH
    canvas.rectangle((left, top, right - 1, top + HEIGHT - 1), fill=ground)
    for character in segment.text:
        draw_character(canvas, character, (left, top), ink, bold=bool(style.bold))
        left += cell_len(character) * WIDTH
    if style.underline:
        line = top + BASELINE + 2
        canvas.line((column * WIDTH, line, right - 1, line), fill=ink)


def colours_of(style: Style) -> tuple[Rgb, Rgb]:
    """Of the text and of what is behind it."""
    ink, ground = rgb(style.color, TEXT), rgb(style.bgcolor, GROUND)
    if style.reverse:
        ink, ground = ground, ink
    if style.dim:
        ink = (ink[0] + ground[0]) // 2, (ink[1] + ground[1]) // 2, (ink[2] + ground[2]) // 2
    return ink, ground


def rgb(colour: Color | None, usual: Rgb) -> Rgb:
    if colour is None or colour.is_default:
        return usual
    red, green, blue = colour.get_truecolor()
    return red, green, blue


def draw_character(
    canvas: ImageDraw.ImageDraw, character: str, place: tuple[int, int], ink: Rgb, *, bold: bool
) -> None:
    if character.isspace():
        return
    code = ord(character[0])
    if FIRST_BRAILLE <= code <= LAST_BRAILLE:
        draw_dots(canvas, code - FIRST_BRAILLE, place, ink)
    elif FIRST_EIGHTH <= code <= LAST_EIGHTH:
        draw_eighths(canvas, code - FIRST_EIGHTH, place, ink)
    elif character == "⏸":
        draw_pause(canvas, place, ink)
    else:
        left, top = place
        canvas.text((left, top + BASELINE), character, fill=ink, font=font(bold=bold), anchor="ls")


def draw_dots(canvas: ImageDraw.ImageDraw, bits: int, place: tuple[int, int], ink: Rgb) -> None:
    for bit, (column, row) in enumerate(DOTS):
        if bits >> bit & 1:
            left, top = place[0] + 1 + column * WIDTH // 2, place[1] + 1 + row * HEIGHT // 4
            canvas.rectangle((left, top, left + 1, top + 1), fill=ink)


def draw_eighths(canvas: ImageDraw.ImageDraw, block: int, place: tuple[int, int], ink: Rgb) -> None:
    """One to eight eighths from below, then seven to one from the left: to the edge of the cell,
    which a glyph passes by a pixel or does not reach."""
    left, top = place
    wide, high = WIDTH, HEIGHT
    if block < 8:
        high = round(HEIGHT * (block + 1) / 8)
        top += HEIGHT - high
    else:
        wide = max(1, round(WIDTH * (15 - block) / 8))
    canvas.rectangle((left, top, left + wide - 1, top + high - 1), fill=ink)


def draw_pause(canvas: ImageDraw.ImageDraw, place: tuple[int, int], ink: Rgb) -> None:
    for left in (place[0] + 1, place[0] + 5):
        canvas.rectangle((left, place[1] + 4, left + 1, place[1] + BASELINE), fill=ink)


@cache
def font(*, bold: bool) -> ImageFont.FreeTypeFont:
    name = "DejaVuSansMono-Bold.ttf" if bold else "DejaVuSansMono.ttf"
    return ImageFont.truetype(FONTS / name, FONT_SIZE)
