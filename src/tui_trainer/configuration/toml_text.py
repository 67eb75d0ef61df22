"""A TOML file as text: what is in it, and at which line.

tomllib reads, and tells no lines of what it read; tomlkit has none to ask for either. A key is at
the line up to which the file has it: that asks the same reader, and knows no grammar beside its.
"""

import re
import tomllib
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tui_trainer.errors import InputError
from tui_trainer.runs.regular_files import open_regular

LARGEST = 1 << 16
"""Bytes of a file that somebody wrote by hand."""
AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
HINT = "text stands in quotes, and a table's name in square brackets on a line of its own"


@dataclass(frozen=True)
class TomlText:
    """A file that was read."""

    path: Path
    text: str

    @cached_property
    def tables(self) -> dict[str, object]:
        """All that is in it; InputError, with line and column, where it is not TOML."""
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            says = str(error)
            found = AT.search(says)
            line, column = (int(found[1]), int(found[2])) if found and found[1] else (None, None)
            where = self.place(line or len(self._lines) or 1, column)
            raise InputError(f"{where}: {AT.sub('', says)}; {HINT}.") from None
        except RecursionError:
            raise InputError(f"{self.path}: its lists are too deep within one another.") from None

    @cached_property
    def _lines(self) -> list[str]:
        return [f"{line}\n" for line in self.text.split("\n")]  # no other end of a line is TOML's

    def place(self, line: int, column: int | None = None) -> str:
        """Where something is, as a sentence begins."""
        at = f", column {column}" if column else ""
        return f"{self.path}, line {line}{at}"

    def find(self, path: Sequence[str]) -> tuple[int, int | None]:
        """The line and column of what `path` leads to, both from 1; the column where it is plain.

        Of a table that is never named by itself, those of the first thing in it.
        """
        ends = bisect_left(range(len(self._lines)), True, key=lambda n: self._has(n, path))
        begins = self._whole(ends)
        line = self._lines[begins] if begins < len(self._lines) else ""
        column = re.search(rf"(?<![\w-])[\"']?{re.escape(path[-1])}(?![\w-])", line)
        return begins + 1, column.start() + 1 if column else None

    def _has(self, n: int, path: Sequence[str]) -> bool:
        """Whether the lines up to and with that one have it, as far as they are whole."""
        there: object = tomllib.loads("".join(self._lines[: self._whole(n + 1)]))
        for name in path:
            if not isinstance(there, Mapping) or name not in there:
                return False
            there = there[name]
        return True

    def _whole(self, n: int) -> int:
        """How many of the first `n` lines are no beginning of something that goes on."""
        while n:
            try:
                tomllib.loads("".join(self._lines[:n]))
            except tomllib.TOMLDecodeError:
                n -= 1
            else:
                break
        return n


def read_toml(path: Path) -> TomlText | None:
    """The file at `path`; None where there is none. InputError where it cannot be read."""
    try:
        with open_regular(path) as file:
            raw = file.read(LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error}).") from None
    if len(raw) > LARGEST:
        raise InputError(f"{path} has more than {LARGEST:,} bytes: what was written there?")
    try:
        # An editor's byte order mark is no part of the text.
        return TomlText(path, raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}, line {line}: it is not UTF-8 text.") from None
