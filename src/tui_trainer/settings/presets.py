"""Presets: settings that belong together, by name. No torch here."""

from collections.abc import Mapping
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
    clip=1.0,
    schedule="cosine",
    warmup=3,
    chunked_loss=True,
    fused=True,
)
# A GPU that is given few tokens at a time waits for its next order. An update of AdamW takes as
# long as the passes of some 400 tokens, by the bytes of the one and the products of the other: a
# sixth of the time beside 2,048 of them, a twentieth beside 8,192. These are 16 times those of an
# update of `tuned`: the gradient's noise is a quarter, and the learning rate 4 times as high.
# What warm-up waits for, Adam's moments, settles by the update, not the token. Not measured yet.
TUNED_CUDA = replace(TUNED, lr=1.2e-4, pack=2048, accumulation=4, compiled=True)
# What a run is of, and what is measured and kept of it, whatever it is trained with.
NOT_OF_A_PRESET = frozenset(
    (
        *("problems", "items", "epochs", "seed"),
        *("validation_items", "validate_every", "sample_every", "layers_every"),
        *("checkpoint_every", "checkpoint_at_end", "keep_checkpoints", "grace", "log_to"),
        *("patience", "stop_at_loss", "minutes", "tokens"),
        *("skip_not_finite", "spike_score", "stalled_after", "alert_bell", "on_alert"),
    )
)
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


def nearest_preset(settings: TrainSettings, presets: Mapping[str, TrainSettings] = PRESETS) -> str:
    """The name of the preset that the fewest settings differ from."""
    return min(presets, key=lambda name: len(differing(settings, presets[name])))
