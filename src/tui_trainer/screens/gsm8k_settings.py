"""The settings of a GSM8K loop: what its form asks for, and one line that tells them."""

from tui_trainer.engine.setting_fields import (
    FIELDS,
    TUTORIAL,
    differing,
    read_settings,
)
from tui_trainer.engine.settings import TrainSettings
from tui_trainer.screens.settings_form import FormOf, shown

ALWAYS_TOLD = "problems", "items", "lr", "optimizer", "seed"
FORM = FormOf("Settings of the next run", FIELDS, TUTORIAL, "tutorial", read_settings)


def describe_settings(settings: TrainSettings) -> str:
    """One line: what differs from the preset, with a star, then what is always of interest."""
    changed = differing(settings)
    usual = [field for field in FIELDS if field.name in ALWAYS_TOLD and field not in changed]
    parts = [f"{field.label} {shown(field, settings)}*" for field in changed]
    parts += [f"{field.label} {shown(field, settings)}" for field in usual]
    return " · ".join(["tutorial, * changed" if changed else "tutorial", *parts])
