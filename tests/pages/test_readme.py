"""README.md is one page that begins with a moving picture."""

import re

from PIL import Image

from tests.pages.console import ROOT
from tests.pages.site import in_page
from tui_trainer.widgets.screen_tabs import SCREENS

README = (ROOT / "README.md").read_text(encoding="utf-8")
PICTURE = re.compile(r"!\[([^]]+)]\(([^)]+)\)")
MOST_LINES, MOST_BYTES, FEWEST_FRAMES = 120, 2_000_000, 20


def test_it_is_a_page_that_begins_with_a_moving_picture() -> None:
    assert len(README.splitlines()) <= MOST_LINES
    first = README.splitlines()[2]
    found = PICTURE.fullmatch(first)
    assert found, "below the title stands the picture, with what it shows for who cannot see it"
    picture = ROOT / found[2]
    assert picture.stat().st_size <= MOST_BYTES
    with Image.open(picture) as film:
        assert (film.format, getattr(film, "n_frames", 1) >= FEWEST_FRAMES) == ("GIF", True)


def test_every_screen_is_in_its_tour() -> None:
    for key, title in SCREENS.values():
        assert f"**{title}**" in README
        assert f"`{key}`" in README or title == "Tokens"


def test_links_lead_in_the_site_where_they_lead_on_github() -> None:
    repository = "https://example.org/r"
    told = in_page("[a](docs/keys.md#step) [b](src/tui_trainer/app.py)", "index.md", repository)
    assert told == f"[a](keys.md#step) [b]({repository}/blob/main/src/tui_trainer/app.py)"
    told = in_page(
        "[a](../README.md) ![b](../screens/step.svg) [c](keys.md)", "runs.md", repository
    )
    assert told == "[a](index.md) ![b](screens/step.svg) [c](keys.md)"
    told = in_page("[a](step.svg) [b](https://x.org/y) [c](#d)", "screens/README.md", repository)
    assert told == "[a](step.svg) [b](https://x.org/y) [c](#d)"
    assert in_page("[a](../nothing.py)", "runs.md", repository) == "[a](../nothing.py)"
