"""config.toml, a profile of it, and the environment: read, and taken whole or not at all."""

import difflib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui_trainer.configuration.layers import Configuration, Given, Layer, Origin, Source, merged
from tui_trainer.configuration.options import (
    A_FLAG_ALONE,
    ENVIRONMENT,
    KEYS,
    PROFILES,
    TABLES,
    in_toml,
    options,
)
from tui_trainer.errors import InputError
from tui_trainer.settings.fields import Value
from tui_trainer.xdg import config_home

if TYPE_CHECKING:
    from tui_trainer.configuration.toml_text import TomlText

ALERT = f"{ENVIRONMENT}ALERT_"
"""What `--on-alert` tells its command, which may be this program again."""
NOT_SETTINGS = f"{ENVIRONMENT}DEBUG", f"{ENVIRONMENT}PROFILE"
SHOWN = 12
"""Names that a sentence has room for."""


@dataclass(frozen=True)
class Wrong:
    """Something that cannot be taken."""

    origin: Origin
    says: str

    def __str__(self) -> str:
        return f"{self.origin}: {self.says}"


def config_file() -> Path:
    """Where config.toml is looked for. InputError where there is no home."""
    try:
        return config_home() / "config.toml"
    except RuntimeError:
        raise InputError(
            "There is no home folder to look for config.toml in: set XDG_CONFIG_HOME."
        ) from None


def read_configuration(profile: str | None = None) -> Configuration:
    """What is configured here and now; InputError for the first thing that cannot be taken."""
    configuration, wrong = look_at_configuration(profile)
    refuse(wrong)
    return configuration


def refuse(wrong: list[Wrong]) -> None:
    """InputError that tells the first of it, and how much more there is."""
    if not wrong:
        return
    more = f" ({len(wrong) - 1} more: tui-trainer config check)" if len(wrong) > 1 else ""
    raise InputError(f"{wrong[0]}.{more}")


def look_at_configuration(profile: str | None = None) -> tuple[Configuration, list[Wrong]]:
    """What is configured, and all that cannot be taken of it. InputError where it is not TOML."""
    profile = profile or os.environ.get(f"{ENVIRONMENT}PROFILE") or None
    path = config_file()
    file = _read(path)
    reader = Reader()
    layers: list[Layer] = []
    if file is not None:
        tables = dict(file.tables)
        profiles = reader.profiles(file, tables.pop(PROFILES, {}))
        layers = [reader.layer(tables, Origin(Source.FILE, file=file)), *profiles.get(profile, ())]
    elif profile is not None:
        raise InputError(f"There is no profile {profile!r}: there is no {path}.")
    layers.append(reader.environment(os.environ))
    if file is not None and profile is not None and profile not in profiles:
        raise InputError(no_profile(profile, file, [name for name in profiles if name]))
    return Configuration(merged(layers)), reader.wrong


def _read(path: Path) -> "TomlText | None":
    """The file; what reads it is imported where there is one."""
    if not os.path.lexists(path):
        return None
    from tui_trainer.configuration.toml_text import read_toml  # noqa: PLC0415 - as said above

    return read_toml(path)


def no_profile(name: str, file: "TomlText", there: list[str]) -> str:
    """What a sentence says of a profile that is not there."""
    has = f"it has {', '.join(there)}" if there else "it has none, as [profiles.NAME]"
    return f"There is no profile {name!r} in {file.path}: {has}."


class Reader:
    """Takes in what is right, and notes what is wrong."""

    def __init__(self) -> None:
        self.wrong: list[Wrong] = []

    def profiles(self, file: "TomlText", given: object) -> dict[str | None, list[Layer]]:
        """A layer for each of them; also of those that nobody asks for now."""
        if not isinstance(given, Mapping):
            origin = Origin(Source.FILE, file=file, path=(PROFILES,))
            says = "profiles are tables, such as [profiles.big]"
            self.wrong.append(Wrong(origin, says))
            return {}
        layers: dict[str | None, list[Layer]] = {}
        for name, tables in given.items():
            origin = Origin(Source.PROFILE, name, file, (PROFILES, name))
            if isinstance(tables, Mapping):
                layers[name] = [self.layer(tables, origin)]
            else:
                says = f"a profile is a table, [profiles.{name}], not {in_toml(tables)}"
                self.wrong.append(Wrong(origin, says))
        return layers

    def layer(self, tables: Mapping[str, object], whole: Origin) -> Layer:
        """What a file says, or a profile of it."""
        layer: dict[str, Given] = {}
        for path, value in _settings(tables):
            origin = Origin(whole.source, whole.name, whole.file, (*whole.path, *path))
            try:
                layer[".".join(path)] = Given(_value(path, value), origin)
            except InputError as error:
                self.wrong.append(Wrong(origin, str(error).removesuffix(".")))
        return layer

    def environment(self, variables: Mapping[str, str]) -> Layer:
        """What the environment says; an empty variable says nothing."""
        named = {option.variable: option for option in options().values()}
        layer: dict[str, Given] = {}
        for variable, text in sorted(variables.items()):
            if not variable.startswith(ENVIRONMENT) or not text or variable in NOT_SETTINGS:
                continue
            if variable.startswith(ALERT):
                continue
            origin = Origin(Source.ENVIRONMENT, variable)
            key = variable.removeprefix(f"{ENVIRONMENT}{KEYS.upper()}_")
            try:
                if key != variable:
                    layer[f"{KEYS}.{key.lower().replace('_', '-')}"] = Given(text, origin)
                elif variable in named:
                    option = named[variable]
                    layer[option.name] = Given(option.read(text), origin)
                else:
                    nearest = nearest_of(variable, [*named, *NOT_SETTINGS])
                    raise InputError(f"there is no such setting{nearest}")
            except InputError as error:
                self.wrong.append(Wrong(origin, str(error).removesuffix(".")))
        return layer


def _settings(tables: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], object]]:
    """Each setting with the names that lead to it."""
    for name, given in tables.items():
        if isinstance(given, Mapping) and name in (*TABLES, KEYS):
            yield from (((name, inner), value) for inner, value in given.items())
        else:
            yield (name,), given


def _value(path: tuple[str, ...], given: object) -> Value:
    """What the setting at `path` is; InputError where there is none, or it cannot be that."""
    if path[0] == KEYS and len(path) == 2:
        return _keys(path[1], given)
    if (option := options().get(".".join(path))) is not None:
        return option.of(given)
    if path[0] in (*TABLES, KEYS):
        if len(path) == 1:
            raise InputError(f"{path[0]} is a table: [{path[0]}] on a line of its own")
        names = [one.short for one in options().values() if one.table == path[0]]
        raise InputError(f"[{path[0]}] has no {path[1]!r}{nearest_of(path[1], names)}")
    if why := A_FLAG_ALONE.get(path[0]):
        raise InputError(f"{path[0]} {why}")
    if isinstance(given, Mapping):
        nearest = nearest_of(path[0], [*TABLES, KEYS, PROFILES])
        raise InputError(f"there is no table [{path[0]}]{nearest}")
    names = [one.short for one in options().values() if not one.table]
    raise InputError(f"there is no setting {path[0]!r}{nearest_of(path[0], names)}")


def _keys(name: str, given: object) -> str:
    """The keys of a binding; which bindings and keys there are knows the app."""
    if not isinstance(given, str) or not given.strip():
        raise InputError(f"{name} takes a key, in quotes, such as 'space', not {in_toml(given)}")
    return given


def nearest_of(name: str, names: list[str]) -> str:
    """How a sentence about an unknown name goes on: with the one that was meant, else with all."""
    if close := difflib.get_close_matches(name, names, n=1):
        return f"; the nearest is {close[0]}"
    if len(names) > SHOWN:
        return f"; there are {', '.join(names[:SHOWN])} and {len(names) - SHOWN} more"
    return f"; there are {', '.join(names)}"
