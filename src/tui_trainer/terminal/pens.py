"""Pens: how a terminal is told to draw, as the codes of SGR (ECMA-48, 8.3.117).

A pen is a string such as "1;38;5;39", as Textual makes it; "" draws as the terminal does by itself.
"""

from functools import lru_cache
from typing import NamedTuple

RESET = "\x1b[0m"
OFF = {"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "7": "27", "9": "29"}
"""What ends an attribute; 22 ends both bold and dim."""
ON_BLANKS = frozenset("479")
"""Underline, reverse, strike: what is seen of an attribute where no letter is."""
COLOUR_ARGUMENTS = {"5": 1, "2": 3}


class Pen(NamedTuple):
    attributes: frozenset[str]
    ink: str
    """The colour of letters; "" for the terminal's own."""
    ground: str


@lru_cache(maxsize=4096)
def read(codes: str) -> Pen:
    attributes, colours = set(), {"3": "", "4": ""}
    left = iter(codes.split(";") if codes else ())
    for code in left:
        if code in ("38", "48"):
            kind = next(left)
            rest = [next(left) for _ in range(COLOUR_ARGUMENTS[kind])]
            colours[code[0]] = ";".join((code, kind, *rest))
        elif len(code) > 1 and code[:-1] in ("3", "4", "9", "10"):
            colours["4" if code[:-1] in ("4", "10") else "3"] = "" if code[1:] == "9" else code
        else:
            attributes.add(code)
    return Pen(frozenset(attributes), colours["3"], colours["4"])


@lru_cache(maxsize=4096)
def on_blank(codes: str) -> str:
    """What of a pen is seen where a blank is drawn."""
    pen = read(codes)
    return codes if pen.attributes & ON_BLANKS else pen.ground


@lru_cache(maxsize=16384)
def change(before: str, after: str) -> str:
    """What makes one pen of another, in as few bytes as there are; "" where they are the same."""
    old, new = read(before), read(after)
    ended = old.attributes - new.attributes
    if not ended <= OFF.keys() or (before and not after):
        return f"{RESET[:-1]};{after}m" if after else RESET
    ends = sorted({OFF[one] for one in ended})
    kept = old.attributes - (frozenset("12") if "22" in ends else frozenset())
    codes = [*ends, *sorted(new.attributes - kept)]
    if new.ink != old.ink:
        codes.append(new.ink or "39")
    if new.ground != old.ground:
        codes.append(new.ground or "49")
    return f"\x1b[{';'.join(codes)}m" if codes else ""
