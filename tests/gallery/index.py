"""`screens/README.md`: the pictures by screen."""

from itertools import groupby

from tests.gallery.picture import Picture
from tests.gallery.pictures import PICTURES

INTRODUCTION = """\
# Screens

Drawn from the real app with the built-in model by `make gallery`, in the terminals' sizes that the
screens are made for, and some in other looks: light, for the colour-blind, and without colours
(`NO_COLOR=1`). A test fails when a screen's text no longer matches its picture.
"""
HEADING = "| what | keys | pictures |\n|---|---|---|"


def index() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for screen, pictures in groupby(PICTURES, key=lambda picture: picture.screen):
        shown = list(pictures)
        first = shown[0]
        name = first.file(first.shots[min(1, len(first.shots) - 1)]).name
        parts += [f"## {screen}\n", f"![{screen}, {first.what}]({name})\n", HEADING]
        parts += [*map(row, shown), ""]
    return "\n".join(parts)


def row(picture: Picture) -> str:
    links = " · ".join(f"[{shot.name}]({picture.file(shot).name})" for shot in picture.shots)
    return f"| {picture.what} | {picture.keys} | {links} |"
