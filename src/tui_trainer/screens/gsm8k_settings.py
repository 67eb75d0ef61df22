"""The settings of a GSM8K loop: a form, and one line that tells them."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import DescendantFocus
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui_trainer.engine.errors import InputError
from tui_trainer.engine.presets import PRESETS
from tui_trainer.engine.setting_fields import (
    FIELDS,
    SettingField,
    differing,
    nearest_preset,
    read_settings,
)
from tui_trainer.engine.settings import TrainSettings
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.text_box import LineBox

ALWAYS_TOLD = "problems", "items", "lr", "optimizer", "seed"
LABEL_WIDTH = 17


def describe_settings(settings: TrainSettings) -> str:
    """One line: what differs from the preset, with a star, then what is always of interest."""
    name = nearest_preset(settings)
    changed = differing(settings, PRESETS[name])
    usual = [field for field in FIELDS if field.name in ALWAYS_TOLD and field not in changed]
    parts = [f"{field.label} {shown(field, settings)}*" for field in changed]
    parts += [f"{field.label} {shown(field, settings)}" for field in usual]
    return " · ".join([f"{name}, * changed" if changed else name, *parts])


def shown(field: SettingField, settings: TrainSettings) -> str:
    """One setting in a few characters; of a long path the end says most."""
    text = field.typed(settings)
    return visible(text if len(text) <= 30 else "…" + text[-29:])


class SettingsForm(ModalScreen[TrainSettings | None]):
    """Gives back the settings that were typed, once they can be used."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Go back"),
        Binding("ctrl+r", "preset", "Next preset"),
        Binding("down", "app.focus_next", "Next setting", show=False, priority=True),
        Binding("up", "app.focus_previous", "Setting before", show=False, priority=True),
    ]

    def __init__(self, settings: TrainSettings) -> None:
        super().__init__()
        self._settings = settings
        self._preset = nearest_preset(settings)
        """The name of the one that changes are marked against."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            yield Static("Settings of the next run", classes="heading")
            with VerticalScroll(can_focus=False):
                for field in FIELDS:
                    with Horizontal(classes="field"):
                        yield Static(f"{field.label:<{LABEL_WIDTH}}", classes="label")
                        yield LineBox(field.typed(self._settings), id=field.name)
                        yield Static("", classes="preset", id=f"{field.name}-preset")
            yield Static("", classes="hint", id="meaning")
            yield Static("", classes="error")
            yield Static(
                "enter takes them · ↑↓ · ctrl+r next preset · escape goes back", classes="hint"
            )

    def on_mount(self) -> None:
        self.query_one("#items").focus()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Tell what the setting means, and when a change of it takes effect."""
        for field in FIELDS:
            if field.name == event.widget.id:
                self.query_one("#meaning", Static).update(Content(describe_field(field)))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Mark what is not as in the preset."""
        for field in FIELDS:
            if field.name == event.input.id:
                self._mark(field, event.value)

    def _mark(self, field: SettingField, typed: str) -> None:
        of_preset = field.typed(PRESETS[self._preset])
        mark = f"* {self._preset}: {of_preset}" if typed.strip() != of_preset else ""
        self.query_one(f"#{field.name}-preset", Static).update(Content(mark))

    def action_preset(self) -> None:
        """Set back to the preset that changes are marked against, or go to the next one."""
        base = PRESETS[self._preset]
        boxes = {field: self.query_one(f"#{field.name}", Input) for field in FIELDS}
        if all(box.value.strip() == field.typed(base) for field, box in boxes.items()):
            names = list(PRESETS)
            self._preset = names[(names.index(self._preset) + 1) % len(names)]
        for field, box in boxes.items():
            box.value = field.typed(PRESETS[self._preset])
            self._mark(field, box.value)

    def on_input_submitted(self) -> None:
        try:
            settings = read_settings(
                {field.name: self.query_one(f"#{field.name}", Input).value for field in FIELDS}
            )
        except InputError as error:
            self.query_one(".error", Static).update(Content(visible(str(error))))
        else:
            self.dismiss(settings)


def describe_field(field: SettingField) -> str:
    """Two lines: what a setting means, and when a change of it takes effect."""
    return f"{field.label}: {field.meaning}.\nA change takes effect {field.takes_effect}."
