"""What the terminal shows is what Textual drew, though only what differs is written to it."""

import random
from collections.abc import Iterable, Sequence

import pyte
import pytest
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tests.terminal.seen import cells
from tui_trainer.terminal.painted import Painted, Piece, signs_of
from tui_trainer.terminal.pens import change

WIDTH, HEIGHT = 24, 4
COLOURS = ("", "red", "color(9)", "color(123)", "#58b7ff", "default")
ATTRIBUTES = ("bold", "dim", "italic", "underline", "reverse", "strike")
TEXTS = (
    "loss",
    " ",
    "   ",
    "0.42",
    "⠑⠢⣀",
    "─",
    "p ▰▱ x",
    "日本",
    "e\u0301",
    "👍🏽",
    "a  b",
    " " * 14,
)


def whole(pieces: Iterable[Piece], colours: ColorSystem) -> str:
    """As Textual writes them."""
    written = []
    for x, y, strip in pieces:
        written.append(f"\x1b[{y + 1};{x + 1}H")
        for text, style, _ in strip:
            written.append(Strip.render_style(style or Style(), text, color_system=colours))
    return "".join(written)


def some_strip(dice: random.Random, width: int, texts: Sequence[str]) -> Strip:
    segments: list[Segment] = []
    while (left := width - Strip(segments).cell_length) > 0:
        words = [*dice.sample(ATTRIBUTES, dice.randrange(3)), dice.choice(COLOURS)]
        ground = dice.choice(("", "", " on #10151c", " on blue"))
        style = Style.parse(" ".join((*words, ground)) or "none")
        segments += Strip([Segment(dice.choice(texts), style)]).crop(0, left)
    return Strip(segments)


@pytest.mark.parametrize("colours", [ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT])
def test_random_frames_look_as_if_each_were_written_whole(colours: ColorSystem) -> None:
    """Wide signs are in a row of their own: of half of one no two terminals make the same."""
    dice, painted = (
        random.Random(1),
        Painted(WIDTH, HEIGHT, erases=colours is ColorSystem.TRUECOLOR),
    )
    screens = pyte.Screen(WIDTH, HEIGHT), pyte.Screen(WIDTH, HEIGHT)
    streams = [pyte.Stream(screen) for screen in screens]
    for stream in streams:
        stream.feed("\x1b[?7l")  # as the driver does: what is too wide is not on the next line
    narrow = [text for text in TEXTS if signs_of(text)[1]]
    kept: dict[tuple[int, int], Strip] = {}
    for _ in range(300):
        pieces = []
        for y in range(HEIGHT):
            x = 0 if y == 0 else dice.randrange(WIDTH)
            width = WIDTH if y == 0 else dice.randint(1, WIDTH - x)
            new = some_strip(dice, width, TEXTS if y == 0 else narrow)
            strip = kept.setdefault((x, y), new) if dice.random() < 0.5 else new
            if strip.cell_length == width:
                kept[x, y] = strip
                pieces.append((x, y, strip))
        streams[0].feed(whole(pieces, colours))
        streams[1].feed(painted.paint(pieces, colours))
        assert cells(screens[1]) == cells(screens[0])


def test_a_frame_that_is_there_already_costs_nothing() -> None:
    painted, frame = Painted(WIDTH, 1), [(0, 0, Strip([Segment("loss 0.42 ".ljust(WIDTH))]))]
    assert painted.paint(frame, ColorSystem.TRUECOLOR)
    assert not painted.paint(frame, ColorSystem.TRUECOLOR)


def test_a_digit_that_differs_is_all_that_is_written() -> None:
    painted, style = Painted(WIDTH, 1), Style.parse("#58b7ff on #10151c")
    for loss in ("0.42", "0.43"):
        strip = Strip([Segment(f"loss {loss} nats".ljust(WIDTH), style)])
        written = painted.paint([(0, 0, strip)], ColorSystem.TRUECOLOR)
    assert written == "\x1b[1;9H\x1b[38;2;88;183;255;48;2;16;21;28m3\x1b[0m"


def test_what_changes_between_two_pens_is_written_once() -> None:
    assert change("1;38;5;39;48;5;16", "1;38;5;40;48;5;16") == "\x1b[38;5;40m"
    assert change("1;2;38;5;39", "2;38;5;39") == "\x1b[22;2m"
    assert change("31", "4") == "\x1b[4;39m"
    assert change("38;5;39", "38;5;39") == ""
