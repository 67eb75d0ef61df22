"""Draw them all, or those that are named."""

import asyncio
import sys

from tests.gallery.draw import draw
from tests.gallery.index import index
from tests.gallery.picture import FOLDER, Picture
from tests.gallery.pictures import PICTURES


def main(names: list[str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    for picture in PICTURES:
        if not names or picture.name in names:
            write(picture)
    (FOLDER / "README.md").write_text(index(), encoding="utf-8")
    wanted = {picture.file(shot) for picture in PICTURES for shot in picture.shots}
    for file in set(FOLDER.glob("*.svg")) - wanted:
        file.unlink()  # of a picture that is no more


def write(picture: Picture) -> None:
    for shot, svg in asyncio.run(draw(picture)).items():
        picture.file(shot).write_text(svg, encoding="utf-8")
        print(f"screens/{picture.file(shot).name}")


if __name__ == "__main__":
    main(sys.argv[1:])
