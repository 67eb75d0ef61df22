"""What a form asks for: settings of any kind, and the presets that changes are marked against."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from tui_trainer.settings.fields import GROUPS, SettingField, fields_of

USUAL = "usual"
Settings = TypeVar("Settings")


@dataclass(frozen=True)
class FormOf(Generic[Settings]):
    """What a form asks for."""

    heading: str
    presets: Mapping[str, Settings]
    kind: type[Settings]
    nearest: Callable[[Settings], str]
    """The name of the preset that changes are marked against at first."""
    given: tuple[str, ...] = ()
    """What its command takes beside the settings, a word each."""

    @property
    def fields(self) -> tuple[SettingField, ...]:
        """A line each."""
        return fields_of(self.kind)

    @property
    def groups(self) -> dict[str, tuple[SettingField, ...]]:
        """By what they are about."""
        found = {name: tuple(f for f in self.fields if f.group == name) for name in GROUPS}
        return {name: fields for name, fields in found.items() if fields}


def form_beside_usual(
    heading: str, usual: Settings, given: tuple[str, ...] = ()
) -> FormOf[Settings]:
    """A form whose only preset are the settings that are usual here."""
    return FormOf(heading, {USUAL: usual}, type(usual), lambda _: USUAL, given)
