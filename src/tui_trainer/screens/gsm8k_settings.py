"""The settings of a GSM8K loop: what its form asks for, and one line that tells them."""

from tui_trainer.engine.presets import PRESETS
from tui_trainer.engine.setting_fields import (
    FIELDS,
    differing,
    nearest_preset,
    read_settings,
)
from tui_trainer.engine.settings import TrainSettings
from tui_trainer.screens.settings_form import FormOf, shown

ALWAYS_TOLD = "problems", "items", "lr", "optimizer", "seed"
FORM = FormOf("Settings of the next run", FIELDS, PRESETS, read_settings, nearest_preset)


def describe_settings(settings: TrainSettings, lr_now: float | None = None) -> str:
    """One line: what differs from the preset, with a star, then what is always of interest.

    `lr_now` is told first where a schedule, or a key, has made it another than the highest.
    """
    name = nearest_preset(settings)
    changed = differing(settings, PRESETS[name])
    usual = [field for field in FIELDS if field.name in ALWAYS_TOLD and field not in changed]
    parts = {field.name: f"{field.label} {shown(field, settings)}*" for field in changed}
    parts |= {field.name: f"{field.label} {shown(field, settings)}" for field in usual}
    if lr_now is not None and lr_now != settings.lr:
        lr = f"{parts.pop('lr')} ({lr_now:.2g} now)"
        parts = {"lr": lr} | parts
    return " · ".join([f"{name}, * changed" if changed else name, *parts.values()])
