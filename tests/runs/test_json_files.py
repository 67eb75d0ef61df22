"""A dataclass as a JSON file: read as it was written, or told where and what is wrong."""

import json
import math
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tui_trainer.errors import InputError
from tui_trainer.json_lines import LARGEST_WHOLE
from tui_trainer.runs.json_files import read_json, write_json


@dataclass(frozen=True)
class Leaf:
    loss: float | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tree:
    """Of each type that a file of this program has."""

    name: str
    rings: int
    height: float
    evergreen: bool = False
    leaves: tuple[Leaf, ...] = ()
    best: Leaf | None = None
    sums: dict[str, float] = field(default_factory=dict)
    format: int = 1


WHOLE = Tree(
    "a\ud800\x1b", LARGEST_WHOLE, math.inf, True, (Leaf(1.5, ("a",)), Leaf()), Leaf(), {"b": 1e300}
)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tree.json"
    write_json(path, WHOLE)
    assert read_json(path, Tree) == WHOLE
    write_json(path, Leaf(math.nan))
    loss = read_json(path, Leaf).loss
    assert loss is not None
    assert math.isnan(loss)
    path.write_text('{"name": "", "rings": 0, "height": 3}')
    assert read_json(path, Tree) == Tree("", 0, 3.0)
    assert type(read_json(path, Tree).height) is float


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rings": 1.0}, "rings: a whole number was expected, not a number"),
        ({"rings": True}, "rings: a whole number was expected, not true or false"),
        ({"rings": LARGEST_WHOLE + 1}, "rings is out of range"),
        ({"height": 10**400}, "height is out of range"),
        ({"height": "tall"}, "height: a number was expected, not text"),
        ({"evergreen": 1}, "evergreen: true or false was expected, not a whole number"),
        ({"leaves": {}}, "leaves: a list was expected, not an object"),
        ({"leaves": [{}, 5]}, "leaves[1]: an object was expected, not a whole number"),
        ({"leaves": [{"loss": []}]}, "leaves[0].loss: a number or null was expected, not a list"),
        ({"leaves": [{"words": [None]}]}, "leaves[0].words[0]: text was expected, not null"),
        ({"leaves": [{"veins": 3}]}, "veins is not known"),
        ({"best": {"veins": 3}}, "veins is not known"),
        ({"sums": {"a": "b"}}, "sums[...]: a number was expected, not text"),
        ({"sums": {"a": -(2**60)}}, "a is out of range"),
        ({"bark": 1}, "bark is not known"),
        ({"format": 2}, "its format is 2, and this version reads 1"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    path = tmp_path / "tree.json"
    good: dict[str, object] = {"name": "oak", "rings": 3, "height": 1.5}
    path.write_text(json.dumps(good | changes))
    with pytest.raises(InputError) as refused:
        read_json(path, Tree)
    assert f"or it is damaged ({said}): choose another one." in str(refused.value)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tree.json"
    path.write_text('{"name": "oak", "height": 1.5}')
    with pytest.raises(InputError, match=r"\(rings is missing\)"):
        read_json(path, Tree)
