"""Each setting of a training loop: its name, what can be typed for it, and what it means.

The form and the command line are made from this one list. No torch here.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from tui_trainer.errors import InputError
from tui_trainer.settings.presets import PRESETS
from tui_trainer.settings.train import (
    LOGS,
    OPTIMIZERS,
    PACK_ORDERS,
    PADDING_SIDES,
    SCHEDULES,
    TrainSettings,
)
from tui_trainer.settings.typed_numbers import as_typed, read_number, read_whole, told

Settings = TypeVar("Settings")

DEFAULT_DECAY = "torch"
"""What is typed for torch's own weight decay."""
YES, NO = "yes", "no"


class Kind(Enum):
    """What a setting is."""

    TEXT = "text"
    WHOLE = "a whole number"
    NUMBER = "a number"
    DECAY = "a number, or torch for its own default"
    YES_NO = "yes or no"


@dataclass(frozen=True)
class SettingField:
    """One setting; `name` is that of the field in TrainSettings."""

    name: str
    kind: Kind
    meaning: str
    choices: tuple[str, ...] = ()
    takes_effect: str = "with the next run"
    """When a change in the form does."""

    @property
    def label(self) -> str:
        """Its name in words."""
        return self.name.replace("_", " ")

    def typed(self, settings: object) -> str:
        """Its value as it can be typed."""
        value = getattr(settings, self.name)
        if self.kind is Kind.DECAY and value is None:
            return DEFAULT_DECAY
        if isinstance(value, bool):
            return YES if value else NO
        return as_typed(value) if isinstance(value, float) else str(value)

    def read(self, text: str) -> str | int | float | bool | None:
        """The value that was typed; InputError where it is none of its kind."""
        text = text.strip()
        if self.kind is Kind.WHOLE:
            return read_whole(text, self.label)
        if self.kind is Kind.NUMBER:
            return read_number(text, self.label)
        if self.kind is Kind.DECAY:
            return self._read_decay(text)
        return text if self.kind is Kind.TEXT else self._read_yes_no(text)

    def _read_decay(self, text: str) -> float | None:
        if text.lower() == DEFAULT_DECAY:
            return None
        return read_number(text, self.label, f"0.1, or {DEFAULT_DECAY} for its own default")

    def _read_yes_no(self, text: str) -> bool:
        if text.lower() not in (YES, NO):
            raise InputError(f"{self.label} takes {YES} or {NO}, not {told(text)}.")
        return text.lower() == YES


FIELDS = (
    SettingField("problems", Kind.TEXT, "builtin, a .jsonl or .parquet file, or a Hub repo:config"),
    SettingField("items", Kind.WHOLE, "how many items, the first of the data set"),
    SettingField(
        "lr",
        Kind.NUMBER,
        "learning rate, the highest of the schedule",
        takes_effect="with the next run; [ ] l in a run, its next step",
    ),
    SettingField("optimizer", Kind.TEXT, "AdamW or SGD", OPTIMIZERS),
    SettingField("batch", Kind.WHOLE, "rows in one forward pass; shorter ones are padded"),
    SettingField("accumulation", Kind.WHOLE, "forward and backward passes in one optimizer step"),
    SettingField("padding", Kind.TEXT, "on which side: right or left", PADDING_SIDES),
    SettingField(
        "pack",
        Kind.WHOLE,
        "tokens of a row that items share, none seeing another; 0: none",
    ),
    SettingField(
        "pack_order",
        Kind.TEXT,
        "which share a row: in-order, or best-fit, which fills it",
        PACK_ORDERS,
    ),
    SettingField(
        "item_attention", Kind.YES_NO, "each item of a packed row attends alone; the same loss"
    ),
    SettingField("end_of_text", Kind.YES_NO, "each item ends with that token, and learns it"),
    SettingField("answer_only", Kind.YES_NO, "the loss counts the tokens of the answer alone"),
    SettingField(
        "weight_decay",
        Kind.DECAY,
        "of matrices; or torch: its default, of all weights",
    ),
    SettingField(
        "schedule", Kind.TEXT, "of the learning rate: constant, linear or cosine", SCHEDULES
    ),
    SettingField("warmup", Kind.WHOLE, "steps in which the learning rate rises to lr"),
    SettingField("chunked_loss", Kind.YES_NO, "never holds all logits; the same loss"),
    SettingField("fused", Kind.YES_NO, "the optimizer in one pass over memory; the same update"),
    SettingField("compiled", Kind.YES_NO, "the model's blocks, after a warm-up; the same numbers"),
    SettingField(
        "skip_not_finite", Kind.YES_NO, "leave out a step whose loss is nan or inf; no: pause"
    ),
    SettingField("epochs", Kind.WHOLE, "how many times over all items"),
    SettingField("shuffle", Kind.YES_NO, "another order each epoch, by seed and epoch"),
    SettingField(
        "checkpoint_every", Kind.WHOLE, "steps between two checkpoints; 0: none, c makes one"
    ),
    SettingField("checkpoint_at_end", Kind.YES_NO, "a checkpoint after the last step"),
    SettingField("log_to", Kind.TEXT, "event files beside the run: nowhere or tensorboard", LOGS),
    SettingField("seed", Kind.WHOLE, "for the built-in problems, the order and dropout"),
    SettingField(
        "validation_items", Kind.WHOLE, "held-out items, never trained on, to measure; 0: none"
    ),
    SettingField("validate_every", Kind.WHOLE, "steps from one measurement of them to the next"),
    SettingField("sample_every", Kind.WHOLE, "steps between sample answers; 0: none"),
)


def read_typed(
    kind: Callable[..., Settings], fields: Iterable[SettingField], typed: Mapping[str, str]
) -> Settings:
    """The settings typed, by the names of their fields; InputError where they cannot be used."""
    return kind(**{field.name: field.read(typed[field.name]) for field in fields})


def differing(settings: TrainSettings, base: TrainSettings) -> list[SettingField]:
    """The settings that are not those of `base`, a preset."""
    return [field for field in FIELDS if getattr(settings, field.name) != getattr(base, field.name)]


def nearest_preset(settings: TrainSettings) -> str:
    """The name of the preset that the fewest settings differ from."""
    return min(PRESETS, key=lambda name: len(differing(settings, PRESETS[name])))
