"""What may become of a JSON file: keys gone, other types, numbers and texts past reason."""

import copy
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HUGE = '"HUGE"'
"""Stands for a number that Python's JSON reader takes and a float does not."""
VALUES: tuple[object, ...] = (
    None,
    True,
    -1,
    0,
    2**53 + 1,
    1e308,
    float("nan"),
    float("-inf"),
    "HUGE",
    "",
    "=1+1",
    "a\x1b]52;c;evil\x07\u202e\ud800\0",
    "../" * 100,
    "x" * 5000,
    [],
    {},
    [None],
    {"a": {}},
)
TEXTS = (
    b"",
    b"null",
    b"[]",
    b"7",
    b'"text"',
    b"{",
    b"{}\n{}",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"\xff\xfe{\0}\0",
    b"\xef\xbb\xbf{}",
    b"\0" * 100,
    b"9" * 5000,
)


Json = Any
"""What `json.loads` gives: any value of JSON, known only once it is looked at."""
Place = tuple[str | int, ...]
"""The keys that lead to a part of it."""


def malformed_values(value: Json) -> Iterator[Json]:
    """Copies of a JSON object with each key gone, or another value in its place, at any depth."""
    for place in places(value):
        copied, holder = copied_to(value, place)
        del holder[place[-1]]
        yield copied
        for other in VALUES:
            copied, holder = copied_to(value, place)
            holder[place[-1]] = other
            yield copied


def places(value: Json, above: Place = ()) -> Iterator[Place]:
    """The keys that lead to each part of a JSON object; of a list the first item alone."""
    items = value.items() if isinstance(value, dict) else enumerate(value[:1])
    for key, part in items:
        yield (*above, key)
        if isinstance(part, dict | list):
            yield from places(part, (*above, key))


def copied_to(value: Json, place: Place) -> tuple[Json, Json]:
    """A copy, and the object or list in it that holds what is at `place`."""
    copied = copy.deepcopy(value)
    holder = copied
    for key in place[:-1]:
        holder = holder[key]
    return copied, holder


def as_bytes(value: Json) -> bytes:
    return json.dumps(value).replace(HUGE, "1" + "0" * 400).encode()


def malformed_files(path: Path) -> Iterator[bytes]:
    """What may be in a JSON file, or in a file with an object a line."""
    whole = path.read_bytes()
    yield from TEXTS
    yield from (whole[: len(whole) // 2], whole[1:], whole * 2, whole.decode().encode("utf-16"))
    if path.suffix == ".json":
        yield from map(as_bytes, malformed_values(json.loads(whole)))
        return
    lines = whole.splitlines(keepends=True)
    yield b"".join(reversed(lines))
    yield b"".join(line for line in lines for _ in range(2))
    for number, line in enumerate(lines):
        for value in malformed_values(json.loads(line)):
            yield b"".join([*lines[:number], as_bytes(value) + b"\n", *lines[number + 1 :]])


def is_no_file(path: Path) -> Iterator[None]:
    """The path as what is no regular file, one after the other."""
    path.unlink()
    os.mkfifo(path)
    yield
    path.unlink()
    path.mkdir()
    yield
    path.rmdir()
    path.symlink_to("/dev/zero")
    yield
    path.unlink()
    path.symlink_to(path.name)
    yield
