"""A screen is one class that owns its parts: it is not cut into parts that inherit each other."""

import ast
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import tui_trainer.screens
from tui_trainer.screens.work_screen import WorkScreen

FOLDER = Path(tui_trainer.screens.__file__).parent


def screens() -> Iterator[type[WorkScreen]]:
    """Each screen that is defined in a package of screens/."""
    for module in pkgutil.walk_packages(tui_trainer.screens.__path__, "tui_trainer.screens."):
        for kind in vars(import_module(module.name)).values():
            is_screen = isinstance(kind, type) and issubclass(kind, WorkScreen)
            if is_screen and kind.__module__ == module.name:
                yield kind


def package(kind: type) -> str:
    return kind.__module__.rpartition(".")[0]


def test_no_screen_is_cut_by_inheritance() -> None:
    found = {kind.__name__: kind for kind in screens() if package(kind) != "tui_trainer.screens"}
    assert {"StepScreen", "Gsm8kScreen", "RunsScreen", "EvaluationScreen"} <= found.keys()
    cut = {
        name: [base.__name__ for base in kind.__mro__[1:] if package(base) == package(kind)]
        for name, kind in found.items()
    }
    assert {name: bases for name, bases in cut.items() if bases} == {}


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.py")), ids=lambda path: path.stem)
def test_no_part_stands_for_another_by_a_stub_or_looks_into_it(path: Path) -> None:
    """What is named with an underscore is its owner's; what raises is not written yet."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and node.attr[1] != "_":
            owner = ast.unparse(node.value)
            assert owner in ("self", "cls", "super()"), f"line {node.lineno}: {owner}.{node.attr}"
        assert not (isinstance(node, ast.Name) and node.id == "NotImplementedError"), node.lineno
