"""A key in words: the one way to make a binding, of a screen, a panel or a dialog."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

Result = TypeVar("Result")
MOVE = "Move"
"""The heading of what moves a cursor: no command of the palette."""
CHART, TEXT, WEIGHTS, SCREENS, EVERYWHERE = (
    "The chart",
    "The text",
    "The weights",
    "Screens",
    "Everywhere",
)
"""The headings that several screens have: they come after those of one alone."""
LAST = 99
"""The place in the footer of the key that always stays there, at its right end."""


@dataclass(frozen=True)
class Place(Binding.Group):
    """Where a key is told of: `description` is its heading on the sheet of keys."""

    main: int = 0
    """Its place in the footer by importance, from 1; 0 where only the sheet has it."""
    pair: str = ""
    """What the footer calls it together with the keys beside it that have the same word."""


def key(
    name: str,
    action: str,
    label: str,
    sentence: str,
    group: str = "This screen",
    *,
    main: int = 0,
    pair: str = "",
    drawn: str = "",
    id: str = "",
    priority: bool = False,
    system: bool = False,
) -> Binding:
    """A key: what it is called, in one word or two, and what it does, in a sentence.

    `group` is its heading on the sheet, `main` its place in the footer; `drawn` is given where its
    name is not what it looks like, `id`, by which it is remapped, where that is not its action's
    name. One for the `system` is another name of a key that is told of.
    """
    return Binding(
        name,
        action,
        label,
        show=main > 0,
        key_display=drawn or None,
        priority=priority,
        tooltip=sentence,
        id=id or action.replace("_", "-"),
        system=system,
        group=Place(group, main=main, pair=pair),
    )


SETTINGS_TOO = key("comma", "settings", "settings", "The settings", id="settings-too", system=True)
"""Beside another key: one that opens the settings on every screen that has some."""


def go_back(sentence: str = "Leave it as it is", *, keys: str = "escape") -> Binding:
    """The key that leaves a dialog which gives back something, without it."""
    return key(keys, "dismiss(None)", "go back", sentence, id="go-back")


def place_of(binding: Binding) -> Place:
    """Where it is told of; of Textual's own bindings nowhere."""
    return binding.group if isinstance(binding.group, Place) else Place(MOVE)


def is_told(binding: Binding) -> bool:
    """Whether the sheet and the palette have it: not what moves a cursor, or is another name."""
    return not binding.system and place_of(binding).description != MOVE


@dataclass(frozen=True)
class Bound:
    """A key that is there, and whose it is."""

    node: DOMNode
    binding: Binding


def keys_of(screen: Screen[Result]) -> tuple[Bound, ...]:
    """Every key of what has the focus, the screen and the app, as it is mapped, each once.

    Those that a text box would take for itself too: they are there once it is left. Not those that
    move a cursor, or are another name of one that is told of.
    """
    app = screen.app
    inner = [] if screen.focused is None else list(screen.focused.ancestors_with_self)
    found: dict[str, Bound] = {}
    for node in inner or (screen, app):
        bindings = node._bindings.copy()
        bindings.apply_keymap(app._keymap)
        for _, binding in bindings:
            if binding.id and is_told(binding):
                found.setdefault(binding.id, Bound(node, binding))
        if node.is_modal:
            break
    return tuple(found.values())


def importance(binding: Binding) -> int:
    """Its place by that, from 1; what only the sheet has comes last."""
    return place_of(binding).main or LAST


def by_group(bound: Iterable[Bound]) -> Mapping[str, list[Binding]]:
    """The keys by heading, that of the most important one first; under each the main ones first."""
    groups: dict[str, list[Binding]] = {}
    for one in bound:
        groups.setdefault(place_of(one.binding).description, []).append(one.binding)
    shared = CHART, TEXT, WEIGHTS, EVERYWHERE, SCREENS
    own = sorted(
        (heading for heading in groups if heading not in shared),
        key=lambda heading: min(map(importance, groups[heading])),
    )
    return {
        heading: sorted(groups[heading], key=importance)
        for heading in (*own, *shared)
        if heading in groups
    }
