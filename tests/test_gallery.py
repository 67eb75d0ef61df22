"""The pictures in `screens/` show the screens as they are."""

import pytest

from tests.gallery.comparison import comparable, text_of_svg
from tests.gallery.draw import draw
from tests.gallery.index import index
from tests.gallery.picture import FOLDER, LOOKS, SIZES, Picture
from tests.gallery.pictures import PICTURES
from tests.gallery.svg import slim
from tui_trainer.widgets.screen_tabs import SCREENS


@pytest.mark.long
@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
async def test_a_screen_still_looks_like_its_pictures(picture: Picture) -> None:
    for shot, svg in (await draw(picture)).items():
        kept = picture.file(shot).read_text(encoding="utf-8")
        text = comparable(text_of_svg(kept))
        assert len(text) > 100
        assert comparable(text_of_svg(svg)) == text, f"{shot.name}: run make gallery and look"


def test_the_index_names_every_picture_and_no_other_is_there() -> None:
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == index()
    wanted = {picture.file(shot) for picture in PICTURES for shot in picture.shots}
    assert set(FOLDER.glob("*.svg")) == wanted


def test_every_screen_is_there_in_every_size_and_some_in_every_look() -> None:
    sizes = {picture.screen: picture.sizes for picture in PICTURES if picture.sizes == SIZES}
    titles = {f"{digit} {title}" for digit, title in SCREENS.values()}
    assert titles <= sizes.keys()
    whole = [picture.name for picture in PICTURES if set(picture.looks) == LOOKS.keys()]
    assert {"step", "gsm8k"} <= set(whole)
    told = " ".join(picture.what for picture in PICTURES)
    assert all(told.count(state) > 1 for state in ("empty", "busy", "a failure"))


@pytest.mark.parametrize("place", ["/home/", "/root/", " /work/", "/tmp/", "site-packages"])
def test_a_picture_tells_nothing_of_the_machine_that_drew_it(place: str) -> None:
    told = (file.read_text(encoding="utf-8") for file in FOLDER.glob("*.svg"))
    assert not any(place in svg for svg in told)


DRAWN = """\
<svg class="rich-terminal" viewBox="0 0 1 1" xmlns="http://www.w3.org/2000/svg">
    <style>

    @font-face {
        font-family: "Fira Code";
        src: url("https://example.org/font.woff2") format("woff2");
    }
    .terminal-7-r1 { fill: #c5c8c6 }
    </style>
    <clipPath id="terminal-7-line-0">
    <rect x="0" y="1.5" width="1464" height="24.65"/>
            </clipPath>
    <rect fill="#111111" x="0" y="1.5" width="12.2" height="24.65" shape-rendering="crispEdges"/>\
<rect fill="#111111" x="12.2" y="1.5" width="24.4" height="24.65" shape-rendering="crispEdges"/>\
<rect fill="#222222" x="36.6" y="1.5" width="12.2" height="24.65" shape-rendering="crispEdges"/>
    <text class="terminal-7-r1" x="12.2" y="20" textLength="36.6" \
clip-path="url(#terminal-7-line-0)">a&#160;b</text>\
<text class="terminal-7-r1" x="1464" y="20" textLength="12.2" \
clip-path="url(#terminal-7-line-0)">
</text>
</svg>
"""


def test_what_every_picture_repeats_is_left_out_and_nothing_else() -> None:
    assert (
        slim(DRAWN).split("</style>")[1]
        == """
    <rect fill="#111111" x="0" y="1.5" width="36.6" height="24.65"/>\
<rect fill="#222222" x="36.6" y="1.5" width="12.2" height="24.65"/>
    <text class="t-r1" x="12.2" y="20" textLength="36.6">a b</text>
</svg>
"""
    )
