"""Presets: settings that belong together, by name. No torch here."""

from dataclasses import replace

from tui_trainer.errors import InputError
from tui_trainer.settings.fields import SettingField, fields_of
from tui_trainer.settings.train import BEST_FIT, TrainSettings

TUTORIAL = TrainSettings()
# On a CPU longer rows make no more tokens a second, and fewer updates learn less in the same time:
# docs/performance.md has both measured.
TUNED = TrainSettings(
    lr=3e-5,
    pack=512,
    pack_order=BEST_FIT,
    item_attention=True,
    end_of_text=True,
    shuffle=True,
    weight_decay=0.1,
    schedule="cosine",
    warmup=3,
    chunked_loss=True,
    fused=True,
)
# A GPU that is given few tokens at a time waits for its next order; not measured yet.
TUNED_CUDA = replace(TUNED, lr=1e-4, pack=2048, compiled=True)
PRESETS = {"tutorial": TUTORIAL, "tuned": TUNED, "tuned-cuda": TUNED_CUDA}


def preset(name: str) -> TrainSettings:
    """The settings of a preset; InputError where there is none of that name."""
    if name not in PRESETS:
        raise InputError(f"Preset {name!r} is not known: use {' or '.join(PRESETS)}.")
    return PRESETS[name]


def differing(settings: TrainSettings, base: TrainSettings) -> list[SettingField]:
    """The settings that are not those of `base`, a preset."""
    return [
        field
        for field in fields_of(TrainSettings)
        if getattr(settings, field.name) != getattr(base, field.name)
    ]


def nearest_preset(settings: TrainSettings) -> str:
    """The name of the preset that the fewest settings differ from."""
    return min(PRESETS, key=lambda name: len(differing(settings, PRESETS[name])))
