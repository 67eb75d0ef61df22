"""A key in words: the one way to make a binding, of a screen, a panel or a dialog."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from textual.binding import ActiveBinding, Binding

MOVE = "Move"
"""The heading of what moves a cursor: no command of the palette."""
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


def go_back(sentence: str = "Leave it as it is", *, keys: str = "escape") -> Binding:
    """The key that leaves a dialog which gives back something, without it."""
    return key(keys, "dismiss(None)", "go back", sentence, id="go-back")


def place_of(binding: Binding) -> Place:
    """Where it is told of; of Textual's own bindings nowhere."""
    return binding.group if isinstance(binding.group, Place) else Place(MOVE)


def by_group(active: Iterable[ActiveBinding]) -> Mapping[str, list[ActiveBinding]]:
    """The keys that are told of, by heading, each once however many names it has."""
    groups: dict[str, dict[str, ActiveBinding]] = {}
    for one in active:
        binding = one.binding
        if binding.id is not None and not binding.system:
            groups.setdefault(place_of(binding).description, {}).setdefault(binding.id, one)
    return {heading: list(group.values()) for heading, group in groups.items()}
