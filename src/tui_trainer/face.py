"""What config.toml says of the app's face, held against the themes and keys that there are.

Imports every screen, which is why a command does without it.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pkgutil import walk_packages

from textual.app import App
from textual.binding import Binding, BindingsMap
from textual.dom import DOMNode
from textual.keys import Keys, _character_to_key
from textual.theme import BUILTIN_THEMES

import tui_trainer.screens
from tui_trainer.app import TuiTrainer
from tui_trainer.configuration.layers import Configuration, Given
from tui_trainer.configuration.options import KEYS, THEME
from tui_trainer.configuration.reading import Wrong, nearest_of
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.themes import OURS

MODIFIERS = {"ctrl", "alt", "shift", "super", "hyper", "meta"}


def wrong_faces(configuration: Configuration) -> list[Wrong]:
    """All themes and keys that cannot be taken."""
    wrong = list(_wrong_theme(configuration.given.get(THEME)))
    if configuration.keys:
        wrong += _wrong_keys(configuration)
    return wrong or list(_clashes(configuration) if configuration.keys else ())


def themes() -> list[str]:
    """The names of all that the app can look like."""
    return sorted({*OURS, *BUILTIN_THEMES})


def _wrong_theme(given: Given | None) -> Iterator[Wrong]:
    if given is not None and given.value not in (there := themes()):
        says = f"there is no theme {given.value!r}{nearest_of(str(given.value), there)}"
        yield Wrong(given.origin, says)


def _wrong_keys(configuration: Configuration) -> Iterator[Wrong]:
    known = sorted({binding.id for kind in _kinds() for binding in _own(kind) if binding.id})
    for name, keys in configuration.keys.items():
        origin = configuration.given[f"{KEYS}.{name}"].origin
        if name not in known:
            yield Wrong(origin, f"no key is called {name!r}{nearest_of(name, known)}")
        for key in keys.split(","):
            if not is_key(key.strip()):
                yield Wrong(origin, f"{key.strip()!r} is no key{nearest_of(key, key_names())}")


def _clashes(configuration: Configuration) -> Iterator[Wrong]:
    """Two things on one key of one screen: one of them would never be reached."""
    told = set()
    for screen in _screens():
        for key, bindings in _by_key(screen, configuration.keys).items():
            moved = [one.id for one in bindings if one.id in configuration.keys]
            others = [one for one in bindings if one.id not in moved[:1]]
            if moved and others and (key, moved[0]) not in told:
                told.add((key, moved[0]))
                says = f"{key} is the key of {_what(others[0])} too: give one of them another"
                yield Wrong(configuration.given[f"{KEYS}.{moved[0]}"].origin, says)


def _by_key(screen: type, keys: Mapping[str, str]) -> dict[str, list[Binding]]:
    """What each key of a screen does, once the `keys` are as they are configured."""
    found: dict[str, list[Binding]] = {}
    for binding in _all(screen):
        for key in keys.get(binding.id or "", binding.key).split(","):
            there = found.setdefault(long_name(key), [])
            if binding not in there:
                there.append(binding)
    return found


def _what(binding: Binding) -> str:
    named = binding.description or binding.action
    return f"{named} ({binding.id})" if binding.id not in ("", None, named) else named


def is_key(key: str) -> bool:
    """Whether a terminal can send something of that name, as far as Textual knows its names."""
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    return set(modifiers) <= MODIFIERS and (len(last) == 1 or last in key_names())


def long_name(key: str) -> str:
    key = key.strip()
    return _character_to_key(key) if len(key) == 1 else key


@cache
def key_names() -> list[str]:
    """Those of keys alone, as `space` or `question_mark`; a letter is its own name."""
    named = {key.value.rpartition("+")[2] for key in Keys}
    printable = {_character_to_key(chr(point)) for point in range(0x20, 0x7F)}
    return sorted(name for name in named | printable if len(name) > 1 and "<" not in name)


# Bindings


def _kinds() -> Iterator[type]:
    """Every class of this program that may have bindings."""
    _import_all()
    found, waiting = set(), [DOMNode]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            if kind not in found:
                found.add(kind)
                waiting.append(kind)
    return iter(kind for kind in found if kind.__module__.startswith("tui_trainer."))


@cache
def _import_all() -> None:
    for module in walk_packages(tui_trainer.screens.__path__, "tui_trainer.screens."):
        import_module(module.name)


def _screens() -> list[type]:
    return sorted(
        (kind for kind in _kinds() if issubclass(kind, WorkScreen)), key=lambda k: k.__name__
    )


def _own(kind: type) -> list[Binding]:
    """The bindings that a class adds, a key each."""
    bindings = BindingsMap(vars(kind).get("BINDINGS", ()))
    return [binding for several in bindings.key_to_bindings.values() for binding in several]


def _all(screen: type) -> list[Binding]:
    """All of a screen and of the app; what Textual itself binds can be taken."""
    kinds = [kind for kind in (*screen.__mro__, *TuiTrainer.__mro__) if kind not in App.__mro__]
    ours = [kind for kind in kinds if kind.__module__.startswith("tui_trainer.")]
    return [binding for kind in ours for binding in _own(kind)]
