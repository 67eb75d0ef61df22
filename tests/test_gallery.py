"""The pictures in `screens/` show the screens as they are."""

import pytest

from tests.gallery import FOLDER, PICTURES, Picture, comparable, draw, index, text_of_svg


@pytest.mark.long
@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
async def test_a_screen_still_looks_like_its_picture(picture: Picture) -> None:
    kept = (FOLDER / f"{picture.name}.svg").read_text(encoding="utf-8")
    text = comparable(text_of_svg(kept))
    assert "Tokens" in text
    assert comparable(text_of_svg(await draw(picture))) == text, "run make gallery and look"


def test_the_index_names_every_picture() -> None:
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == index()
