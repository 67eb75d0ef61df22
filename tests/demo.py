"""Draw `screens/demo.gif`, the first picture of README.md: `make gallery` runs this module too.

The real app with the built-in model: a text is typed, five updates are made on it, a loop runs over
GSM8K's kind of items, and Predict is looked at with the weights as they are then.
"""

import asyncio
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from textual.color import Color
from textual.pilot import Pilot

from tests.cell_picture import picture_of
from tests.gallery.rest import settled
from tests.known import the
from tests.pilot import reload, running, until
from tui_trainer.app import TuiTrainer
from tui_trainer.protocol.events import LoopState
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.screens.step.screen import StepScreen
from tui_trainer.screens.tokens.screen import TokensScreen
from tui_trainer.widgets.text_box import TextBox

FILE = Path(__file__).parent.parent / "screens" / "demo.gif"
SIZE = (120, 36)
TEXT = "The cat sat on the mat."
UPDATES, STEPS, STEPS_A_FRAME = 5, 120, 8
INKS = (
    "better",
    "worse",
    "attention",
    "data",
    "data-2",
    "foreground",
    "context",
    *(f"token-{step}" for step in range(1, 6)),
)
KEY, LOOK, REST = 140, 1000, 2600  # milliseconds that a frame is on show
COLOURS = 128
SHADES = 0.35, 0.7, 1.0
"""Of an ink on a ground: the edges of a letter."""
SETTLES = 0.4  # seconds in which a chart or table draws what came last


@dataclass
class Film:
    """Frames of an app, each with how long it is on show."""

    app: TuiTrainer
    frames: list[Image.Image] = field(default_factory=list)
    milliseconds: list[int] = field(default_factory=list)

    async def take(self, milliseconds: int) -> None:
        await asyncio.sleep(SETTLES)
        self.frames.append(picture_of(self.app))
        self.milliseconds.append(milliseconds)

    def save(self, path: Path) -> None:
        """One palette for all frames; each holds only what differs from the one before."""
        palette = palette_of(self.frames, self.app.theme_variables)
        first, *others = [
            frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in self.frames
        ]
        first.save(
            path,
            save_all=True,
            append_images=others,
            duration=self.milliseconds,
            loop=0,
            optimize=True,
        )


def palette_of(frames: list[Image.Image], theme: dict[str, str]) -> Image.Image:
    """The colours that mean something first, and their shades: a sign has few pixels, and those
    that are most are all of greys. What is left of the palette is for those."""
    meant = [
        ground.blend(Color.parse(theme[ink]), share, alpha=1.0).rgb
        for ground in (Color.parse(theme["background"]), Color.parse(theme["panel"]))
        for ink in INKS
        for share in SHADES
    ]
    usual = montage(frames).quantize(COLOURS, dither=Image.Dither.NONE).getpalette() or []
    colours = [part for colour in dict.fromkeys(meant) for part in colour]
    palette = Image.new("P", (1, 1))
    palette.putpalette((colours + usual)[: 3 * 256])
    return palette


def montage(frames: list[Image.Image]) -> Image.Image:
    """Frames of every scene below one another: their colours are those of the palette."""
    some = frames[:: max(1, len(frames) // 12)]
    whole = Image.new("RGB", (some[0].width, some[0].height * len(some)))
    for place, frame in enumerate(some):
        whole.paste(frame, (0, place * frame.height))
    return whole


async def play(pilot: Pilot[int]) -> Film:
    film = Film(the(TuiTrainer, pilot.app))
    await type_text(pilot, film)
    await make_updates(pilot, film)
    await run_loop(pilot, film)
    await look_at_predictions(pilot, film)
    return film


async def type_text(pilot: Pilot[int], film: Film) -> None:
    screen = the(TokensScreen, film.app.screen)
    for end in range(2, len(TEXT) + 2, 2):
        screen.query_one(TextBox).text = TEXT[:end]
        await until(pilot, lambda text: tokenized(screen) == text, TEXT[:end])
        await film.take(KEY)
    await pilot.press("escape")
    await film.take(REST)


def tokenized(screen: TokensScreen) -> str | None:
    """The text whose tokens are on show."""
    return screen.shown.texts.first.text if screen.shown is not None else None


async def make_updates(pilot: Pilot[int], film: Film) -> None:
    await pilot.press("4")
    screen = the(StepScreen, film.app.screen)
    await settled(film.app)
    await film.take(LOOK)
    for update in range(1, UPDATES + 1):
        film.app.simulate_key("space")
        await until(
            pilot, lambda made: screen.report is not None and screen.report.update == made, update
        )
        await film.take(LOOK)
    await settled(film.app)
    await film.take(REST)


async def run_loop(pilot: Pilot[int], film: Film) -> None:
    """Frames by steps made, so that a slow machine has as many of them as a fast one."""
    await reload(film.app, pilot)
    film.app.clear_notifications()
    await pilot.press("5")
    loop = the(Gsm8kScreen, film.app.screen)
    await film.take(LOOK)
    film.app.simulate_key("space")
    while (made := steps_of(loop)) < STEPS:
        await until(pilot, lambda seen: steps_of(loop) >= seen + STEPS_A_FRAME, made)
        await film.take(KEY)
    film.app.simulate_key("space")
    await until(pilot, lambda: film.app.session.loops.get("gsm8k") is LoopState.PAUSED)
    await film.take(REST)


def steps_of(loop: Gsm8kScreen) -> int:
    return loop.report.step if loop.report is not None else 0


async def look_at_predictions(pilot: Pilot[int], film: Film) -> None:
    await pilot.press("2")
    await settled(film.app)
    await film.take(REST)
    await pilot.press("5")
    await film.take(LOOK)


async def draw(path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="tui-trainer-demo-") as data:
        os.environ["XDG_DATA_HOME"] = data  # the loop's run is not the user's
        async with running(size=SIZE) as (app, pilot):
            await until(pilot, lambda: tokenized(the(TokensScreen, app.screen)) is not None)
            film = await play(pilot)
    film.save(path)


def main() -> None:
    asyncio.run(draw(FILE))
    print(f"screens/{FILE.name}, {FILE.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
