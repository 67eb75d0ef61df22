"""Frozen dataclasses of plain values to JSON and back, with every type checked on the way in."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, TypeVar, get_args, get_origin, get_type_hints

from tui_trainer.errors import InputError
from tui_trainer.runs.private_files import create_file
from tui_trainer.runs.regular_files import read_text

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Kind = TypeVar("Kind", bound="DataclassInstance")
LARGEST_WHOLE = 2**53
"""Beyond it a float no longer tells neighbours apart, and beyond 10^308 there is none."""


def write_plain(path: Path, value: "DataclassInstance") -> None:
    """Write `value` beside `path` and rename it into place: a reader sees the old or the new."""
    beside = path.with_name(f".{path.name}.part")
    # Not strict JSON: a loss may be NaN, which Python's reader takes back as it was.
    with create_file(beside) as file:
        file.write(json.dumps(asdict(value), indent=1) + "\n")
    beside.replace(path)


REASON_CHARACTERS = 200
UNREADABLE = OSError, ValueError, TypeError, RecursionError, InputError
"""What `read_object` and `parse_format` raise; the text of each says why."""


def read_plain(path: Path, kind: type[Kind]) -> Kind:
    """What `write_plain` wrote; InputError where the file is missing, damaged or foreign."""
    try:
        return parse_format(kind, read_object(path))
    except FileNotFoundError:
        raise InputError(f"{path.parent} has no {path.name}: choose another one.") from None
    except UNREADABLE as error:
        raise InputError(
            f"{path} is not a file of this program, or it is damaged ({reason(error)}): choose "
            "another one."
        ) from error


def reason(error: Exception) -> str:
    """What an error says, as far as a sentence takes it: it may quote what is in the file."""
    said = f"{error}" or type(error).__name__
    return said if len(said) <= REASON_CHARACTERS else f"{said[:REASON_CHARACTERS]}…"


def read_object(path: Path) -> Mapping[str, object]:
    """The JSON object in a file; one of UNREADABLE where there is none."""
    values = json.loads(read_text(path))
    if not isinstance(values, dict):
        raise TypeError(f"an object was expected, not {type(values).__name__}")
    return values


def parse_format(kind: type[Kind], values: object) -> Kind:
    """`parse` for a file that tells its format; TypeError where another version wrote it."""
    check_format(kind, values)
    return parse(kind, values)


def check_format(kind: type[Kind], values: object) -> None:
    """TypeError where another version of this program wrote it, and says so."""
    known = {field.name: field.default for field in fields(kind)}.get("format")
    found = values.get("format", known) if isinstance(values, Mapping) else known
    if found != known:
        raise TypeError(f"its format is {found}, and this version reads {known}")


def parse(kind: type[Kind], values: object) -> Kind:
    """A dataclass from a JSON object; TypeError where a field is unknown, missing or another type.

    A field that has a default may be missing: files of an older version stay readable.
    """
    if not isinstance(values, Mapping):
        raise TypeError(f"an object was expected, not {type(values).__name__}")
    types = get_type_hints(kind)
    known = {field.name for field in fields(kind)}
    if unknown := sorted(set(values) - known):
        raise TypeError(f"{unknown[0]} is not known")
    return kind(**{name: _value(types[name], value, name) for name, value in values.items()})


def _value(kind: object, value: object, name: str) -> object:
    if isinstance(kind, UnionType):
        return _first_that_fits(get_args(kind), value, name)
    if get_origin(kind) is tuple and isinstance(value, list):
        return tuple(_value(get_args(kind)[0], item, name) for item in value)
    if get_origin(kind) is dict and isinstance(value, dict):
        return {str(key): _value(get_args(kind)[1], item, name) for key, item in value.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        return parse(kind, value)
    if kind is float and type(value) is int and abs(value) <= LARGEST_WHOLE:
        return float(value)
    if isinstance(kind, type) and type(value) is kind:
        if isinstance(value, int) and abs(value) > LARGEST_WHOLE:
            raise TypeError(f"{name} is out of range")
        return value
    raise TypeError(f"{name} is of another type")


def _first_that_fits(kinds: tuple[object, ...], value: object, name: str) -> object:
    for kind in kinds:
        try:
            return _value(kind, value, name)
        except TypeError:
            continue
    raise TypeError(f"{name} is of another type")
