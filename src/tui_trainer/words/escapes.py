"""Line breaks and tabs as Python writes them, for texts that are typed on one line."""

import re

ESCAPE = re.compile(r"\\([nt\\])")
MEANT = {"n": "\n", "t": "\t", "\\": "\\"}


def read_escapes(line: str) -> str:
    r"""`line` with `\n` as a newline, `\t` as a tab, `\\` as one backslash; others stay."""
    return ESCAPE.sub(lambda found: MEANT[found[1]], line)


def has_escapes(line: str) -> bool:
    return ESCAPE.search(line) is not None
