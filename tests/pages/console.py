"""The commands that README.md and docs/ show, with the output that they show for them.

A fenced block of the language `console` has lines `$ command` and, below each, what it writes; a
line `...` stands for any number of lines, and one that ends with ` ...` for any rest.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROMPT = "$ "
FENCED = re.compile(r"^```(\S*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Command:
    """A command as a page shows it, with the lines below it."""

    page: str
    line: int
    text: str
    shown: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text}"


def pages() -> list[Path]:
    """Every page for users and contributors."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def commands_of(page: Path) -> Iterator[Command]:
    """Each command of each console block, in order."""
    text = page.read_text(encoding="utf-8")
    for block in FENCED.finditer(text):
        if block[1] == "console":
            first = text.count("\n", 0, block.start(2)) + 1
            yield from commands_of_block(name_of(page), first, block[2].splitlines())


def commands_of_block(page: str, first: int, lines: list[str]) -> Iterator[Command]:
    starts = [at for at, line in enumerate(lines) if line.startswith(PROMPT)]
    assert starts[:1] == [0], f"{page}:{first}: a console block begins with `{PROMPT}`"
    for start, end in pairwise([*starts, len(lines)]):
        text = lines[start].removeprefix(PROMPT)
        yield Command(page, first + start, text, tuple(lines[start + 1 : end]))


def spans_of(page: Path) -> list[str]:
    """What stands in backticks in its sentences and tables."""
    return SPAN.findall(FENCED.sub("", page.read_text(encoding="utf-8")))
