"""A frozen dataclass as a JSON file, and read back from one with every value checked."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from tui_trainer.errors import InputError
from tui_trainer.json_lines import LARGEST_WHOLE
from tui_trainer.runs.regular_files import read_text
from tui_trainer.runs.retried import retried
from tui_trainer.runs.whole_file import whole_file

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Kind = TypeVar("Kind", bound="DataclassInstance")
REASON_CHARACTERS = 200
UNREADABLE = OSError, ValueError, RecursionError, InputError
"""What reading raises; `reason` says why."""


def write_json(path: Path, value: "DataclassInstance") -> None:
    """Write `value` whole: a reader sees the old or the new."""
    # Not strict JSON: a loss may be NaN, which Python's reader takes back as it was.
    text = json.dumps(asdict(value), indent=1) + "\n"

    def write() -> None:
        with whole_file(path) as beside:
            beside.write_text(text, encoding="utf-8")

    retried(write)


def read_json(path: Path, kind: type[Kind]) -> Kind:
    """What `write_json` wrote; InputError where the file is missing, damaged or foreign."""
    try:
        return from_object(parse_object(read_text(path)), kind)
    except FileNotFoundError:
        raise InputError(f"{path.parent} has no {path.name}: choose another one.") from None
    except UNREADABLE as error:
        raise InputError(
            f"{path} is not a file of this program, or it is damaged ({reason(error)}): choose "
            "another one."
        ) from error


def parse_object(text: str) -> dict[str, object]:
    """A JSON object, NaN and infinities included; ValueError where there is none.

    Or where a whole number is one that not every reader has.
    """
    value = json.loads(text, object_pairs_hook=_kept_whole)
    if not isinstance(value, dict):
        raise ValueError(f"an object was expected, not {type(value).__name__}")
    return value


def _kept_whole(pairs: list[tuple[str, object]]) -> dict[str, object]:
    for name, value in pairs:
        if isinstance(value, int) and abs(value) > LARGEST_WHOLE:
            raise ValueError(f"{name} is out of range")
    return dict(pairs)


def from_object(value: Mapping[str, object], kind: type[Kind]) -> Kind:
    """A dataclass from a JSON object; one of UNREADABLE where that is none.

    A field that has a default may be missing, so that files of an older version stay readable; one
    that is not known, and a `format` that is another, are of a later one.
    """
    _check_format(value, kind)
    read = msgspec.convert(value, kind)
    _check_known(value, read)
    return read


def _check_format(value: Mapping[str, object], kind: type[Kind]) -> None:
    known = {field.name: field.default for field in fields(kind)}
    if "format" in known and (found := value.get("format", known["format"])) != known["format"]:
        raise ValueError(f"its format is {found}, and this version reads {known['format']}")


def _check_known(value: object, read: object) -> None:
    """ValueError for a key that the dataclass which was `read` there has no field for."""
    if isinstance(value, list) and isinstance(read, tuple):
        for one, read_one in zip(value, read, strict=True):
            _check_known(one, read_one)
    elif isinstance(value, dict):
        known = vars(read) if is_dataclass(read) else read
        for name, one in value.items():
            if not isinstance(known, dict) or name not in known:
                raise ValueError(f"{name} is not known")
            _check_known(one, known[name])


# Why something cannot be read


NAMES = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
}
SENTENCES = (
    (r"Expected `(.+)`, got `(.+)`", "{0} was expected, not {1}"),
    (r"Expected `.+` [<>]=? .+|Number out of range", "out of range"),
    (r"Object missing required field `(.+)`", "{0} is missing"),
)
"""What msgspec says, and how it is said here."""


def reason(error: Exception) -> str:
    """What an error says, as far as a sentence takes it: it may quote what is in the file."""
    said = f"{error}" or type(error).__name__
    if isinstance(error, msgspec.ValidationError):
        said = _in_words(said)
    return said if len(said) <= REASON_CHARACTERS else f"{said[:REASON_CHARACTERS]}…"


def _in_words(said: str) -> str:
    """Where, and what is wrong there: `settings.lr: a number was expected, not text`."""
    what, _, place = said.partition(" - at `$")
    for pattern, sentence in SENTENCES:
        if found := re.fullmatch(pattern, what):
            what = sentence.format(*(_named(types) for types in found.groups()))
    place = place.strip(".`")
    return f"{place}: {what}" if place else what


def _named(types: str) -> str:
    return " or ".join(NAMES.get(one, one) for one in types.split(" | "))
