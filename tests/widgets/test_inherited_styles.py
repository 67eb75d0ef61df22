"""Textual takes a class's styles from the first of its bases alone, and so on up.

What another base brings is missing without a word, until something asks for it while it is drawn.
"""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

import pytest
from textual.dom import DOMNode

import tui_trainer.screens
import tui_trainer.widgets

PACKAGES = tui_trainer.screens, tui_trainer.widgets


def ours() -> Iterator[type[DOMNode]]:
    """Each screen, dialog and widget."""
    for package in PACKAGES:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for kind in vars(import_module(module.name)).values():
                is_node = isinstance(kind, type) and issubclass(kind, DOMNode)
                if is_node and kind.__module__ == module.name:
                    yield kind


def styled_by(kind: type[DOMNode]) -> tuple[type, ...]:
    """The classes whose styles `kind` has; all of them where Textual's own base wants none."""
    bases = DOMNode._css_bases(kind)
    return tuple(bases) if all(base._inherit_css for base in bases) else kind.__mro__


@pytest.mark.parametrize("attribute", ["COMPONENT_CLASSES", "DEFAULT_CSS"])
def test_no_class_hides_the_styles_of_one_that_it_is_made_of(attribute: str) -> None:
    hidden = {
        f"{kind.__module__}.{kind.__name__}": base.__name__
        for kind in ours()
        for base in kind.__mro__
        if base.__dict__.get(attribute) and base not in styled_by(kind)
    }
    assert hidden == {}
