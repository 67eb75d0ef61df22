"""The settings of a GSM8K loop: what its form asks for, and one line that tells them."""

from tui_trainer.screens.dialogs.settings_form import FormOf
from tui_trainer.settings.fields import fields_of
from tui_trainer.settings.presets import PRESETS, differing, nearest_preset
from tui_trainer.settings.train import TrainSettings
from tui_trainer.words.settings import shown

ALWAYS_TOLD = "problems", "items", "lr", "optimizer", "seed"
FORM = FormOf("Settings of the next run", PRESETS, TrainSettings, nearest_preset)


def describe_settings(
    settings: TrainSettings, lr_now: float | None = None, lr_asked: float | None = None
) -> str:
    """One line: what differs from the preset, with a star, then what is always of interest.

    `lr_now` is told first where a schedule, or a key, has made it another than the highest, and so
    is `lr_asked`, which the highest was asked to become.
    """
    name = nearest_preset(settings)
    changed = differing(settings, PRESETS[name])
    told = [field for field in fields_of(TrainSettings) if field.name in ALWAYS_TOLD]
    usual = [field for field in told if field not in changed]
    parts = {field.name: f"{field.label} {shown(field, settings)}*" for field in changed}
    parts |= {field.name: f"{field.label} {shown(field, settings)}" for field in usual}
    now = "" if lr_now in (None, settings.lr) else f" ({lr_now:.2g} now)"
    asked = "" if lr_asked in (None, settings.lr) else f" → {lr_asked:g}"
    if now or asked:
        parts = {"lr": f"{parts.pop('lr')}{asked}{now}"} | parts
    return " · ".join([f"{name}, * changed" if changed else name, *parts.values()])
