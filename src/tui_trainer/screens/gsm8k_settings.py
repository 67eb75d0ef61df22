"""The settings of a GSM8K loop: a form, and one line that tells them."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui_trainer.engine.errors import InputError
from tui_trainer.engine.settings import TrainSettings
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.text_box import LineBox

TUTORIAL = TrainSettings()
FIELDS = {
    "problems": "builtin, a .jsonl or .parquet file, or a Hub data set as repo:config",
    "items": "how many, in the order of the data set, one update each",
    "lr": "learning rate, constant",
    "optimizer": "AdamW or SGD, torch's defaults",
    "seed": "for the built-in problems and for dropout",
}


def differing(settings: TrainSettings) -> list[str]:
    """The names of the settings that are not those of the preset `tutorial`."""
    return [name for name in FIELDS if getattr(settings, name) != getattr(TUTORIAL, name)]


def describe_settings(settings: TrainSettings) -> str:
    """All settings on one line, those that differ from the preset first and with a star."""
    changed = differing(settings)
    names = sorted(FIELDS, key=lambda name: name not in changed)
    parts = [f"{name} {shown(settings, name)}{'*' * (name in changed)}" for name in names]
    return " · ".join(["tutorial, * changed" if changed else "tutorial", *parts])


def shown(settings: TrainSettings, name: str) -> str:
    """One setting in a few characters; of a long path the end says most."""
    text = typed(settings, name)
    return visible(text if len(text) <= 30 else "…" + text[-29:])


def typed(settings: TrainSettings, name: str) -> str:
    """One setting as it can be typed."""
    value = getattr(settings, name)
    return f"{value:g}" if isinstance(value, float) else str(value)


class SettingsForm(ModalScreen[TrainSettings | None]):
    """Gives back the settings that were typed, once they can be used."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Go back"),
        Binding("ctrl+r", "preset", "tutorial"),
    ]

    def __init__(self, settings: TrainSettings) -> None:
        super().__init__()
        self._settings = settings

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            yield Static("Settings of the next run", classes="heading")
            for name, meaning in FIELDS.items():
                with Horizontal(classes="field"):
                    yield Static(f"{name:<10}", classes="label")
                    yield LineBox(typed(self._settings, name), id=name)
                yield Static(Content(" " * 10 + meaning), classes="hint")
            yield Static("", classes="error")
            yield Static("enter takes them · ctrl+r tutorial · escape goes back", classes="hint")

    def on_mount(self) -> None:
        self.query_one("#items").focus()

    def action_preset(self) -> None:
        for name in FIELDS:
            self.query_one(f"#{name}", Input).value = typed(TUTORIAL, name)

    def on_input_submitted(self) -> None:
        try:
            settings = self._read()
        except InputError as error:
            self.query_one(".error", Static).update(Content(visible(str(error))))
        else:
            self.dismiss(settings)

    def _read(self) -> TrainSettings:
        text = {name: self.query_one(f"#{name}", Input).value.strip() for name in FIELDS}
        return TrainSettings(
            problems=text["problems"],
            items=int(read_number(text["items"], "items", whole=True)),
            lr=read_number(text["lr"], "lr"),
            optimizer=text["optimizer"],
            seed=int(read_number(text["seed"], "seed", whole=True)),
        )


def read_number(text: str, name: str, *, whole: bool = False) -> float:
    """A number typed for the setting `name`; InputError where it is none."""
    try:
        return int(text.replace(",", "")) if whole else float(text)
    except ValueError:
        kind = "a whole number" if whole else "a number such as 1e-5"
        raise InputError(f"{name} takes {kind}, not {text!r}.") from None
