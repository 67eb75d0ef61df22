"""Who says what: the file, a profile, the environment, one over the other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from tui_trainer.configuration.options import (
    IDLE_MINUTES,
    KEYS,
    OF_PROBLEMS,
    PRESET,
    PROBLEMS,
    THEME,
    options,
)
from tui_trainer.settings.fields import Value
from tui_trainer.settings.presets import NOT_OF_A_PRESET, preset
from tui_trainer.settings.train import TrainSettings

if TYPE_CHECKING:
    from tui_trainer.configuration.toml_text import TomlText

Settings = TypeVar("Settings")


class Source(Enum):
    """Where a value is from, the weaker first."""

    USUAL = "usual"
    PRESET = "preset"
    KEPT = "kept"
    """By the app, from one start to the next."""
    FILE = "file"
    PROFILE = "profile"
    ENVIRONMENT = "environment"
    FLAG = "flag"


@dataclass(frozen=True)
class Origin:
    """Where a value stands."""

    source: Source
    name: str = ""
    """That of the profile, the variable, the preset or the flag."""
    file: "TomlText | None" = None
    path: tuple[str, ...] = ()
    """In the file."""

    @property
    def position(self) -> tuple[int, int | None] | None:
        """Line and column in the file, where it has them; looked for when it is asked."""
        return None if self.file is None else self.file.find(self.path)

    def __str__(self) -> str:
        """As a sentence begins."""
        if self.file is None or (position := self.position) is None:
            return self.name
        return self.file.place(*position)

    @property
    def words(self) -> str:
        """In a column of a table."""
        at = f"line {self.position[0]}" if self.position else ""
        if self.source is Source.FILE:
            return f"config.toml, {at}"
        if self.source is Source.PROFILE:
            return f"profile {self.name}, {at}"
        return f"{self.source.value} {self.name}" if self.source is Source.PRESET else self.name


@dataclass(frozen=True)
class Given:
    """A value, and who says so."""

    value: Value
    origin: Origin


Layer = Mapping[str, Given]
"""What one of them says, by the names of the options; `keys.ID` is the key of a binding."""


def merged(layers: Iterable[Layer]) -> dict[str, Given]:
    """What holds in the end, the weakest layer first.

    A preset says all that a preset is about: what a weaker layer says of that is over.
    """
    given: dict[str, Given] = {}
    for layer in layers:
        if PRESET in layer:
            given = {name: one for name, one in given.items() if not of_a_preset(name)}
        general = {} if PROBLEMS not in layer else dict.fromkeys(OF_PROBLEMS, layer[PROBLEMS])
        given |= general | dict(layer)
    return given


def of_a_preset(name: str) -> bool:
    """Whether that is a setting of a loop which presets say something of."""
    option = options().get(name)
    return (
        option is not None
        and option.kind is TrainSettings
        and option.field.name not in NOT_OF_A_PRESET
    )


@dataclass(frozen=True)
class Configuration:
    """What a person set once, for the app and the commands; flags come on top of it."""

    given: Mapping[str, Given] = field(default_factory=dict)

    def values(self, kind: type) -> dict[str, Any]:
        """The settings of a dataclass that are configured, by the names of its fields."""
        return {
            option.field.name: self.given[name].value
            for name, option in options().items()
            if option.kind is kind and name in self.given and name != PROBLEMS
        }

    def settings(self, kind: type[Settings]) -> Settings:
        """A dataclass of settings as it is configured."""
        return kind(**self.values(kind))

    def training(self, named: str | None = None) -> TrainSettings:
        """A loop's settings: those of a preset, and what is configured beside it.

        A preset that is `named` has the last word on all that presets are about.
        """
        configured = self.values(TrainSettings)
        if named is not None:
            configured = {name: configured[name] for name in NOT_OF_A_PRESET & configured.keys()}
        return replace(preset(named or self.preset), **configured)

    @property
    def preset(self) -> str:
        return str(self.given[PRESET].value) if PRESET in self.given else "tutorial"

    @property
    def theme(self) -> str | None:
        return str(self.given[THEME].value) if THEME in self.given else None

    @property
    def idle_minutes(self) -> float:
        """After how many an engine ends that nobody needs."""
        given = self.given.get(IDLE_MINUTES.option.removeprefix("--"))
        value = IDLE_MINUTES.usual if given is None else given.value
        assert isinstance(value, float)
        return value

    @cached_property
    def keys(self) -> dict[str, str]:
        """Keys by the ids of their bindings, several with commas between them."""
        return {
            name.removeprefix(f"{KEYS}."): str(one.value)
            for name, one in self.given.items()
            if name.startswith(f"{KEYS}.")
        }

    @property
    def names_model(self) -> bool:
        return "model" in self.given
