"""docs/keys.md, from the bindings themselves: `make docs` writes it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib import import_module
from itertools import groupby
from pkgutil import walk_packages

from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.keys import format_key

import tui_trainer.screens
import tui_trainer.widgets
from tui_trainer.app import TuiTrainer
from tui_trainer.screens.dialog import Dialog
from tui_trainer.screens.shared_text import SharedText
from tui_trainer.screens.work_screen import ScreenOnTop, WorkScreen
from tui_trainer.widgets.chart_keys import WithChart
from tui_trainer.widgets.screen_tabs import SCREENS

HEAD = """\
# Keys

`?` has those of the screen that you are on. This page is made from the keys themselves by
`make docs`; under *name* stands how a key is known inside the program.

The app opens with the cursor in the text of Tokens: `escape` leaves a text, so that letters are
commands, and `enter` goes back in. With alt the digits act inside a text too. ctrl+p finds every
command by name, and the themes (light, dark). In a text box ctrl+z undoes. The mouse works too.
"""
COLUMNS = "key", "", "what it does", "name"
SCREENS_FROM, DIALOGS, WIDGETS = 10, 40, 50
SHARED: dict[type[DOMNode], str] = {
    TuiTrainer: "Everywhere",
    WorkScreen: "On every screen",
    SharedText: "Tokens, Predict and Step",
    WithChart: "The chart of Step, GSM8K and Runs",
}
"""What several screens have, first on the page."""
Place = tuple[int, str]
"""Where a class's keys stand on the page: its order, and its heading."""


def page() -> str:
    """The whole page, as Markdown."""
    return "\n".join([HEAD, *map(section, places())])


def section(place: tuple[str, list[type[DOMNode]]]) -> str:
    heading, kinds = place
    rows = [row for kind in kinds for row in rows_of(told_of(kind))]
    return "\n".join([f"## {heading}\n", *map(line, [COLUMNS, ["---"] * len(COLUMNS), *rows]), ""])


def line(cells: Iterable[str]) -> str:
    told = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(told)} |"


def rows_of(bindings: Iterable[Binding]) -> Iterator[list[str]]:
    """A row for each action; a key that is an alias stands beside the other."""
    named = (binding for binding in bindings if binding.description)
    for _, group in groupby(named, lambda binding: binding.action):
        first, *others = group
        keys = " ".join(f"`{key_name(binding.key)}`" for binding in (first, *others))
        name = f"`{first.id}`" if first.id else ""
        yield [keys, first.description, first.tooltip or first.description, name]


def key_name(key: str) -> str:
    """As it is printed on a keyboard."""
    return key if key in ("escape", "enter") else format_key(key)


def bindings_of(kind: type[DOMNode]) -> Iterable[Binding]:
    """Those that a class has itself."""
    own: list[BindingType] = vars(kind).get("BINDINGS", [])
    return Binding.make_bindings(own)


def told_of(kind: type[DOMNode]) -> Iterator[Binding]:
    """Those of `bindings_of`; what screens share says on which of them it is another key."""
    for binding in bindings_of(kind):
        others = elsewhere(kind, binding)
        if not others:
            yield binding
        elif kind is WithChart:
            told = f"{binding.tooltip}; on {others} once the chart has the focus, by tab"
            yield replace(binding, tooltip=told)
        else:
            yield replace(binding, tooltip=f"{binding.tooltip}; not on {others}")


def elsewhere(kind: type[DOMNode], binding: Binding) -> str:
    """The screens that share the key's class and have something else under it."""
    if kind not in (WorkScreen, SharedText, WithChart):
        return ""
    names = [
        name_of(screen) if issubclass(screen, ScreenOnTop) else SCREENS[screen.NAME][1]
        for screen in kinds()
        if issubclass(screen, kind) and issubclass(screen, WorkScreen) and screen is not kind
        if all(own.action != binding.action for own in under(screen, binding.key))
    ]
    return ", ".join(names)


def under(screen: type[WorkScreen], key: str) -> Iterable[Binding]:
    """What a screen does at a key, its own before what it shares."""
    return screen._merge_bindings().key_to_bindings.get(key, ())


def places() -> list[tuple[str, list[type[DOMNode]]]]:
    """The headings in their order, each with the classes whose keys stand below it."""
    placed = sorted(((place_of(kind), kind) for kind in kinds()), key=lambda both: both[0])
    return [
        (heading, [kind for _, kind in group])
        for (_, heading), group in groupby(placed, lambda both: both[0])
    ]


def kinds() -> Iterator[type[DOMNode]]:
    """Each class that has keys with a description; a dialog that can only be closed has none."""
    yield TuiTrainer
    for package in (tui_trainer.screens, tui_trainer.widgets):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            for kind in vars(import_module(module.name)).values():
                if is_own(kind, module.name) and has_keys(kind):
                    yield kind


def is_own(kind: object, module: str) -> bool:
    return isinstance(kind, type) and issubclass(kind, DOMNode) and kind.__module__ == module


def has_keys(kind: type[DOMNode]) -> bool:
    return len(list(rows_of(bindings_of(kind)))) > issubclass(kind, Dialog)


def place_of(kind: type[DOMNode]) -> Place:
    if kind in SHARED:
        return list(SHARED).index(kind), SHARED[kind]
    if not issubclass(kind, WorkScreen):
        return DIALOGS if issubclass(kind, Dialog) else WIDGETS, name_of(kind)
    key, title = SCREENS[kind.NAME]
    own_place = SCREENS_FROM + 2 * list(SCREENS).index(kind.NAME)
    if issubclass(kind, ScreenOnTop):
        return own_place + 1, f"{name_of(kind)}: from {title}"
    return own_place, f"{title}: `{key}`"


def name_of(kind: type[DOMNode]) -> str:
    """`ForkDialog` is Fork, `LineTable` a Line table."""
    words = re.findall("[A-Z][a-z]+", kind.__name__.removesuffix("Dialog").removesuffix("Screen"))
    return " ".join(words).capitalize()


if __name__ == "__main__":
    print(page(), end="")
