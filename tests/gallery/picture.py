"""One picture: what it shows, how to get there, and in which sizes and looks it is drawn."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from tui_trainer.themes import COLOUR_BLIND, DARK, LIGHT

FOLDER = Path(__file__).parents[2] / "screens"
Size = tuple[int, int]
"""Columns and rows."""
SMALL, MIDDLE, LARGE = SIZES = (80, 24), (120, 40), (200, 60)
LetGo = Callable[[], None]
Prepare = Callable[[Pilot[int]], Awaitable[LetGo | None]]
"""From the start to what is drawn; gives back what lets go again what it held, if anything."""
NO_COLOUR = "no-colour"
LOOKS = {
    "": DARK.name,
    "light": LIGHT.name,
    "colour-blind": COLOUR_BLIND.name,
    NO_COLOUR: DARK.name,
}
"""The theme of each look, by the word for it in a file's name; `NO_COLOUR` is with NO_COLOR set."""


@dataclass(frozen=True)
class Shot:
    """One file of a picture."""

    size: Size
    look: str = ""

    @property
    def name(self) -> str:
        """As `120x40-light`."""
        columns, rows = self.size
        return "-".join(filter(None, (f"{columns}x{rows}", self.look)))


@dataclass(frozen=True)
class Picture:
    """All that is drawn of one state of a screen."""

    screen: str
    """Whose it is: the heading in the index."""
    name: str
    what: str
    """What it shows, in a few words."""
    keys: str
    """How one gets there."""
    prepare: Prepare
    sizes: tuple[Size, ...] = (MIDDLE,)
    looks: tuple[str, ...] = ("",)
    """Those beside the dark one are drawn in the middle size."""
    greets: bool = False
    """Whether it is the first start of all."""
    notifies: bool = False
    """Whether what is notified belongs to it."""

    @property
    def shots(self) -> tuple[Shot, ...]:
        """Those that one app draws come one after another."""
        others = (Shot(MIDDLE, look) for look in self.looks if look)
        return *(Shot(size) for size in self.sizes), *others

    def file(self, shot: Shot) -> Path:
        return FOLDER / f"{self.name}-{shot.name}.svg"
