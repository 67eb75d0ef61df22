"""What a terminal may send, drawn at random: several keys in one read among it."""

from dataclasses import dataclass
from random import Random

ESCAPE, ENTER, PALETTE = "\x1b[27u", "\r", "\x10"
SIZES = ((1, 1), (2, 2), (4, 24), (5, 3), (10, 4), (20, 6), (40, 12), (80, 10), (80, 24), (120, 40))
LARGEST = (200, 60)

KEYS = (
    *"123456abcdefghijklmnoprstuvwxyzBCDEFLRSZ?[]+-.,<>:/ ",
    *(ENTER, ESCAPE, "\t", "\x1b[Z", "\x7f", "\x1b[3~", PALETTE),
    *("\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[5~", "\x1b[6~", "\x1b[H", "\x1b[F"),
    *("\x1b[1;2A", "\x1b[1;2B", "\x1b[1;5C", "\x1b[1;5D", "\x1b[1;5F", "\x1b[1;5H"),
    *(chr(letter) for letter in range(1, 27) if chr(letter) not in "\r\n\t"),  # ctrl and a letter
    *(f"\x1b{digit}" for digit in range(1, 7)),  # alt and a digit
    *("\x1bOP", "\x1b[15~", "\x1b[I", "\x1b[O", "\x00", "é", "語", "👍🏽"),
)
QUITS = "q", "\x03", "\x11"
"""Quitting begins the app anew, which takes longer than all else."""
SCENES = (
    f"{ESCAPE}5 ",
    f"{ESCAPE}5s{ENTER}",
    f"{ESCAPE}5Ee",
    f"{ESCAPE}5E",
    f"{ESCAPE}6bb",
    f"{ESCAPE}6{ENTER}",
    f"{ESCAPE}6d",
    f"{ESCAPE}4f",
    f"{ESCAPE}4e",
    f"{ESCAPE}4 ",
    f"{ESCAPE}4v",
    f"{ESCAPE}2g",
    f"{ESCAPE}3{ENTER}",
    f"{ESCAPE}1{ENTER}",
    f"{ESCAPE}m",
    f"{ESCAPE}m{ENTER}{ENTER}",
    f"{ESCAPE}1t",
    f"{ESCAPE}?",
    f"{PALETTE}\x1b[6~",
    f"{PALETTE}the",
    f"{PALETTE}{ENTER}{ENTER}",
)
TEXTS = (
    "hello world",
    "0.5",
    "1e-5",
    "-1",
    "nan",
    "99999999999999999999",
    "[/foo] [b]bold[/b] [UNK]",
    "\\n\\t",
    "a\tb",
    "",
    "/tmp",
    "./../..",
    "\ufffd\u202e\x07\x9b31m",
    "naïve 語 👍🏽 e\u0301",
    "\n".join(f"line {n}" for n in range(40)),
    "long " * 200,
    "word" * 400,
)


@dataclass(frozen=True)
class Action:
    """One write of the terminal, or a new size of it, and how long until the next."""

    data: bytes = b""
    size: tuple[int, int] | None = None
    rest: float = 0.0
    """In seconds."""

    def __str__(self) -> str:
        what = f"size {self.size[0]}x{self.size[1]}" if self.size else repr(self.data)[1:]
        return f"{what} then {1000 * self.rest:.0f} ms" if self.rest else what


def draw(random: Random) -> Action:
    """An action as it comes."""
    kind = random.choices(
        (keys, scene, paste, mouse, resize, noise), weights=(60, 12, 6, 12, 6, 1)
    )[0]
    action = kind(random)
    return Action(action.data, action.size, random.choice((0.0, 0.0, 0.002, 0.02)))


def keys(random: Random) -> Action:
    count = random.choice((1, 1, 1, 2, 3, 6))
    quits = random.choices(QUITS, k=1) if random.random() < 0.003 else []
    return Action("".join([*random.choices(KEYS, k=count), *quits]).encode())


def scene(random: Random) -> Action:
    more = "".join(random.choices(KEYS, k=random.choice((0, 0, 1, 2))))
    return Action((random.choice(SCENES) + more).encode())


def paste(random: Random) -> Action:
    text = random.choice(TEXTS)
    if random.random() < 0.3:
        return Action(text.encode())  # typed, as by a terminal without brackets around a paste
    after = "".join(random.choices(("", "\x1a", "\x1a\x19", ENTER), k=1))
    return Action(f"\x1b[200~{text}\x1b[201~{after}".encode())


def mouse(random: Random) -> Action:
    x, y = random.randint(1, LARGEST[0] // 2), random.randint(1, LARGEST[1] // 2)
    button = random.choice((0, 0, 0, 1, 2, 35, 64, 65))
    clicks = random.choice((1, 1, 2))
    if button >= 35:  # the mouse or its wheel moves
        return Action(f"\x1b[<{button};{x};{y}M".encode() * clicks)
    drag = f"\x1b[<32;{x + 3};{y + 1}M" if random.random() < 0.2 else ""
    return Action(f"\x1b[<{button};{x};{y}M{drag}\x1b[<{button};{x};{y}m".encode() * clicks)


def resize(random: Random) -> Action:
    width, height = LARGEST
    anywhere = random.randint(1, width), random.randint(1, height)
    return Action(size=random.choice((*SIZES, LARGEST, anywhere, (80, 24), (80, 24))))


def noise(random: Random) -> Action:
    """Bytes that are no UTF-8, and sequences that no terminal sends."""
    return Action(random.choice((b"caf\xe9 ", b"\xff\xfe", b"\x1b[", b"\x1b[999999~", b"\x1b")))
