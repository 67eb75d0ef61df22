"""What a page shows and what a command wrote, compared in what is the same on every machine.

Words and whole numbers are the same. Those with a point are close, since another processor adds in
another order, and so are counts in the thousands; times, rates, sizes and dates may be any.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

ANY_LINES, ANY_REST = "...", " ..."
RELATIVE, ABSOLUTE = 0.02, 0.002
DATE = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d)?")
NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?(?![\w])")
UNIT = re.compile(r"(?: of (?:the )?\S+)? ?(?:s|ms|min|h|[kMG]?B|\w+/s)\b")
ANY_TIME, ANY_SIZE = re.compile(r"\b0 (?:ms|min|h)\b"), re.compile(r"\b0 [kMG]B\b")
"""A machine that is slower has another unit, too."""
MEASURED_KEY = re.compile(r'"\w*(?:seconds|bytes|per_second)": $')
MEASURED_COLUMNS = frozenset({"seconds", "tokens/s", "free", "of", "size"})
CELL = re.compile(r"\S+(?: \S+)*")


@dataclass(frozen=True)
class Line:
    """A line without its numbers, and the numbers; None where one is measured."""

    words: str
    numbers: tuple[float | None, ...]
    """An int is exact."""


def read_lines(lines: Iterable[str]) -> Iterator[Line]:
    """Each line that is not empty; a table's heading says which of its columns are measured."""
    ends: frozenset[int] = frozenset()
    for line in lines:
        cells = list(CELL.finditer(line))
        if len(cells) > 2 and not NUMBER.search(line):
            ends = frozenset(cell.end() for cell in cells if cell[0] in MEASURED_COLUMNS)
        if cells:
            yield read_line(DATE.sub("DATE", line), ends)


def read_line(line: str, measured_ends: frozenset[int] = frozenset()) -> Line:
    numbers = tuple(
        None if is_measured(line, found, measured_ends) else read_number(found[0])
        for found in NUMBER.finditer(line)
    )
    words = " ".join(NUMBER.sub("0", line).split())
    return Line(ANY_SIZE.sub("0 B", ANY_TIME.sub("0 s", words)), numbers)


def read_number(text: str) -> float:
    return int(text) if text.isdecimal() else float(text.replace(",", ""))


def is_measured(line: str, found: re.Match[str], ends: frozenset[int]) -> bool:
    """Whether a number is a time, a rate or a size."""
    return (
        found.end() in ends
        or UNIT.match(line, found.end()) is not None
        or MEASURED_KEY.search(line, 0, found.start()) is not None
    )


def alike(shown: Line, written: Line, *, numbers: bool = True) -> bool:
    """Whether a line is the one that is shown, or begins with it."""
    if shown.words.endswith(ANY_REST):
        head = shown.words.removesuffix(ANY_REST)
        same = written.words.startswith(head)
    else:
        same = shown.words == written.words
    return same and (not numbers or all(map(close, shown.numbers, written.numbers)))


def close(shown: float | None, written: float | None) -> bool:
    if shown is None or written is None:
        return True
    if isinstance(shown, int) and isinstance(written, int):
        return shown == written
    return math.isclose(shown, written, rel_tol=RELATIVE, abs_tol=ABSOLUTE)


def missing(shown: Sequence[str], written: Sequence[str], *, numbers: bool = True) -> str | None:
    """The first line shown that was not written in its place; None where all were.

    Without `numbers` they may be any.
    """
    there, place, anywhere = list(read_lines(written)), 0, False
    for line, text in zip(read_lines(shown), (line for line in shown if line.strip()), strict=True):
        if line.words == ANY_LINES:
            anywhere = True
            continue
        ahead = range(place, len(there) if anywhere else min(place + 1, len(there)))
        found = next((at for at in ahead if alike(line, there[at], numbers=numbers)), None)
        if found is None:
            return text
        place, anywhere = found + 1, False
    return None if anywhere or place == len(there) or not shown else "the end"
