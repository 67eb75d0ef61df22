"""What a form of settings has, by the names of the settings."""

from typing import TypeVar

from textual.app import App
from textual.screen import Screen

from tests.known import the
from tui_trainer.screens.dialogs.setting_rows import SettingRows
from tui_trainer.screens.dialogs.settings_form import SettingsForm

Result = TypeVar("Result")
AnyForm = SettingsForm[object]
"""Whatever its settings are."""


def form_of(app: App[int]) -> AnyForm:
    """The form that is open."""
    return the(SettingsForm, app.screen)


def typed(screen: Screen[Result], name: str) -> str:
    """What is typed for a setting that is on show."""
    rows = screen.query_one(SettingRows).shown
    return next(row.typed for row in rows if row.field.name == name)
