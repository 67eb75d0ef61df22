"""The moving picture of README.md is drawn from the app as it is."""

from pathlib import Path

import pytest
from PIL import Image
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip

from tests.cell_picture import GROUND, HEIGHT, TEXT, WIDTH, draw_strips
from tests.demo import draw, palette_of
from tui_trainer.themes import DARK

RED, BLUE = (255, 0, 0), (0, 0, 255)


def colours(image: Image.Image, column: int) -> set[tuple[int, ...]]:
    cell = image.crop((column * WIDTH, 0, (column + 1) * WIDTH, HEIGHT))
    return {colour for _, colour in cell.getcolors(1000) or () if isinstance(colour, tuple)}


def test_each_cell_has_its_colours_and_braille_its_dots() -> None:
    styled = Segment("█", Style.parse("#ff0000 on #0000ff"))
    reverse = Segment(" ", Style.parse("#ff0000 on #0000ff reverse"))
    image = draw_strips([Strip([Segment("⣿"), styled, reverse, Segment(" ")])])
    assert image.size == (4 * WIDTH, HEIGHT)
    assert colours(image, 0) == {GROUND, TEXT}
    assert colours(image, 1) == {RED}
    assert colours(image, 2) == {RED}
    assert colours(image, 3) == {GROUND}
    dots = image.crop((0, 0, WIDTH, HEIGHT)).getcolors() or ()
    assert {colour: count for count, colour in dots}[TEXT] == 8 * 4


def test_a_colour_that_means_something_is_kept_however_few_its_pixels() -> None:
    greys = Image.linear_gradient("L").convert("RGB")
    inks = {name: Color.parse(DARK.variables[name]).rgb for name in ("better", "worse")}
    for place, ink in enumerate(inks.values()):
        greys.putpixel((place, 0), ink)
    theme = DARK.variables | dict.fromkeys(("background", "panel", "foreground"), "#10151c")
    told = greys.quantize(palette=palette_of([greys], theme), dither=Image.Dither.NONE)
    told = told.convert("RGB")
    assert [told.getpixel((place, 0)) for place in range(2)] == list(inks.values())


@pytest.mark.long
@pytest.mark.timeout(1200)
async def test_the_demo_can_be_drawn_and_moves(tmp_path: Path) -> None:
    await draw(tmp_path / "demo.gif")
    with Image.open(tmp_path / "demo.gif") as film:
        assert getattr(film, "n_frames", 1) > 20
    assert (tmp_path / "demo.gif").stat().st_size <= 2_000_000
