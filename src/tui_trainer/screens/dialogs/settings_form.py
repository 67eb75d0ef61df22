"""A form for settings of any kind: a line a setting, each told what it means, and a preset."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import DescendantFocus
from textual.widgets import Input, Static

from tui_trainer.errors import InputError
from tui_trainer.screens.dialog import Dialog
from tui_trainer.settings.fields import SettingField, fields_of, read_typed
from tui_trainer.terminal_text import visible, visible_source
from tui_trainer.widgets.keys import MOVE, go_back, key
from tui_trainer.widgets.text_box import LineBox

LABEL_WIDTH = 18
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

    @property
    def fields(self) -> tuple[SettingField, ...]:
        """A line each."""
        return fields_of(self.kind)


def form_beside_usual(heading: str, usual: Settings) -> FormOf[Settings]:
    """A form whose only preset are the settings that are usual here."""
    return FormOf(heading, {USUAL: usual}, type(usual), nearest=lambda _: USUAL)


class SettingsForm(Dialog[Settings | None], Generic[Settings]):
    """Gives back the settings that were typed, once they can be used."""

    BINDINGS: ClassVar[list[BindingType]] = [
        go_back("Leave the settings as they are"),
        key("ctrl+r", "preset", "preset", "All settings as the preset has them", id="preset"),
        key(
            "down",
            "app.focus_next",
            "next setting",
            "The next setting",
            MOVE,
            id="next",
            priority=True,
        ),
        key(
            "up",
            "app.focus_previous",
            "setting before",
            "The setting before",
            MOVE,
            id="previous",
            priority=True,
        ),
    ]

    def __init__(self, form: FormOf[Settings], settings: Settings) -> None:
        super().__init__()
        self._form = form
        self._settings = settings
        self._preset = form.nearest(settings)
        """The name of the one that changes are marked against."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            yield Static(self._form.heading, classes="heading above")
            with VerticalScroll(can_focus=False):
                for field in self._form.fields:
                    with Horizontal(classes="field"):
                        yield Static(f"{field.label:<{LABEL_WIDTH}}", classes="label")
                        yield LineBox(field.typed(self._settings), id=field.name)
                        yield Static("", classes="preset", id=f"{field.name}-preset")
            with Vertical(classes="below"):
                yield Static("", classes="hint", id="meaning")
                yield Static("", classes="error")
                yield Static("", classes="hint", id="keys")

    def on_mount(self) -> None:
        self._tell_keys()
        self.query_one("#items").focus()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Tell what the setting means, and when a change of it takes effect."""
        for field in self._form.fields:
            if field.name == event.widget.id:
                self.query_one("#meaning", Static).update(Content(describe_field(field)))

    def on_input_changed(self, event: Input.Changed) -> None:
        for field in self._form.fields:
            if field.name == event.input.id:
                self._mark(field)
        self._tell_keys()

    def _mark(self, field: SettingField) -> None:
        """Mark the setting where it is not as in the preset."""
        preset = self._form.presets[self._preset]
        usual = shown(field, preset) or "empty"
        mark = "" if self._is_as_in(preset, field) else f"* {self._preset}: {usual}"
        self.query_one(f"#{field.name}-preset", Static).update(Content(mark))

    def _is_as_in(self, preset: Settings, field: SettingField) -> bool:
        return self.query_one(f"#{field.name}", Input).value.strip() == field.typed(preset)

    def _tell_keys(self) -> None:
        line = f"enter takes them · ↑↓ · ctrl+r {self._next_preset()} · escape goes back"
        self.query_one("#keys", Static).update(Content(line))

    def _next_preset(self) -> str:
        """That which changes are marked against; where nothing differs from it, the one after."""
        preset = self._form.presets[self._preset]
        if not all(self._is_as_in(preset, field) for field in self._form.fields):
            return self._preset
        names = list(self._form.presets)
        return names[(names.index(self._preset) + 1) % len(names)]

    def action_preset(self) -> None:
        self._preset = self._next_preset()
        preset = self._form.presets[self._preset]
        for field in self._form.fields:
            self.query_one(f"#{field.name}", Input).value = field.typed(preset)
            self._mark(field)
        self._tell_keys()

    def on_input_submitted(self) -> None:
        typed = {
            field.name: self.query_one(f"#{field.name}", Input).value for field in self._form.fields
        }
        try:
            settings = read_typed(self._form.kind, typed)
        except InputError as error:
            self.query_one(".error", Static).update(Content(visible(str(error))))
        else:
            self.dismiss(settings)


def describe_field(field: SettingField) -> str:
    """Two lines: what a setting means, and when a change of it takes effect."""
    return f"{field.label}: {field.meaning}.\nA change takes effect {field.takes_effect}."


def shown(field: SettingField, settings: object) -> str:
    """One setting in a few characters."""
    return shown_text(field.typed(settings))


def shown_text(text: str) -> str:
    """A setting's text in a few characters; of a long path the end says most."""
    return visible_source(text, 30)
