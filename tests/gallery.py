"""Draw `screens/`: a picture of each screen, from the real app with the built-in model.

`make gallery` runs this module. A picture holds nothing that differs from machine to machine,
so that `tests/test_gallery.py` can tell whether a screen still looks like it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

FOLDER = Path(__file__).parent.parent / "screens"
SIZE = (120, 40)


@dataclass(frozen=True)
class Picture:
    """One picture: its file, what it shows, and how to get there from the start."""

    name: str
    module: str
    keys: str
    prepare: Callable[[Pilot[int]], Awaitable[None]]
