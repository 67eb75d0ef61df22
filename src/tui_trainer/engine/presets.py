"""Presets: settings that belong together, by name. No torch here."""

from tui_trainer.engine.errors import InputError
from tui_trainer.engine.settings import BEST_FIT, TrainSettings

TUTORIAL = TrainSettings()
TUNED = TrainSettings(
    lr=1e-4,
    pack=2048,
    pack_order=BEST_FIT,
    end_of_text=True,
    shuffle=True,
    weight_decay=0.1,
    schedule="cosine",
    warmup=3,
    chunked_loss=True,
    fused=True,
)
PRESETS = {"tutorial": TUTORIAL, "tuned": TUNED}


def preset(name: str) -> TrainSettings:
    """The settings of a preset; InputError where there is none of that name."""
    if name not in PRESETS:
        raise InputError(f"Preset {name!r} is not known: use {' or '.join(PRESETS)}.")
    return PRESETS[name]
