"""What stands beside a setting, once: its meaning, unit, range and flag, and when it takes effect.

A settings dataclass makes its fields with `setting`, and `fields_of` gives back what they say. The
forms, the flags and their help, the checks and docs/settings.md come from there.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from functools import cache
from types import UnionType
from typing import TypedDict, TypeVar, Unpack, get_args

from tui_trainer.errors import InputError
from tui_trainer.settings.typed_numbers import (
    as_typed,
    lr_as_typed,
    read_number,
    read_size,
    read_whole,
    size_as_typed,
    told,
)

Settings = TypeVar("Settings")
Usual = TypeVar("Usual", bound="Value")
Value = str | int | float | bool | None
YES, NO = "yes", "no"
BYTES = "bytes"
"""The unit of what is typed as 500 MB."""
(
    MODEL,
    DATA,
    BATCH,
    OPTIMIZER,
    SCHEDULE,
    SAMPLING,
    MEASURING,
    STOPPING,
    ALERTS,
    SAVING,
    SPEED,
) = GROUPS = (
    "model",
    "data",
    "batch",
    "optimizer",
    "schedule",
    "sampling",
    "measuring",
    "stop when",
    "alerts",
    "saving",
    "speed",
)
"""What a setting can be about, in the order of a form."""
OUT_OF_SIGHT = 1_000_000_000
"""Nobody means a number so large: an end of a range there is told to whoever passes it."""


class Kind(Enum):
    """What a setting is."""

    TEXT = "text"
    WHOLE = "a whole number"
    NUMBER = "a number"
    YES_NO = "yes or no"


KINDS = {str: Kind.TEXT, int: Kind.WHOLE, float: Kind.NUMBER, bool: Kind.YES_NO}


class Told(TypedDict, total=False):
    """What can be told of a setting beside its meaning."""

    group: str
    """What it is about, one of GROUPS."""
    more: str
    """What there is to know beyond the meaning, for the page of docs."""
    unit: str
    """What a number of it counts or measures."""
    least: float
    above: float
    """It is more than this."""
    most: float
    below: float
    """It is less than this."""
    choices: tuple[str, ...]
    none_is: str
    """How None is typed and shown."""
    called: str
    """What a sentence about its value begins with, where that is not its name in words."""
    refusal: str
    """That sentence, where it is another: with `{told}` for the value, `{range}` for the range."""
    such_as: str
    """A number as it can be typed."""
    is_lr: bool
    """Whether it is a learning rate, which is told in a way of its own."""
    flag: str | None
    """As `--help` writes it, where that is not `--name N`; None where it has none.

    A flag of yes or no with a name of its own says what is not usual.
    """
    flag_meaning: str
    """What giving such a flag does."""
    takes_effect: str
    """When a change of it does, where that is not when those of its class do."""


def setting(usual: Usual, meaning: str, **more: Unpack[Told]) -> Usual:
    """The field of a settings dataclass: its usual value, and what it means."""
    made: Usual = field(default=usual, metadata={"usual": usual, "meaning": meaning, **more})
    return made


@dataclass(frozen=True)
class SettingField:
    """One setting; `name` is that of its field in the dataclass, `Told` has the rest."""

    name: str
    kind: Kind
    usual: Value
    takes_effect: str
    meaning: str
    group: str = ""
    more: str = ""
    unit: str = ""
    least: float | None = None
    above: float | None = None
    most: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    none_is: str = ""
    called: str = ""
    refusal: str = "{called} must be {range}, not {told}."
    such_as: str = "1e-5"
    is_lr: bool = False
    flag: str | None = ""
    flag_meaning: str = ""

    @property
    def label(self) -> str:
        """Its name in words."""
        return self.name.replace("_", " ")

    @property
    def subject(self) -> str:
        """What a sentence about its value begins with."""
        return self.called or self.label

    @property
    def option(self) -> str:
        """Its flag, such as `--weight-decay`."""
        return (self.flag or f"--{self.name.replace('_', '-')}").split()[0]

    @property
    def metavar(self) -> str:
        """What `--help` has in the place of a value."""
        _, _, named = (self.flag or "").partition(" ")
        if named:
            return named
        if self.choices:
            return f"{{{','.join(self.choices)}}}"
        return "SOURCE" if self.kind is Kind.TEXT else "N"

    @property
    def options(self) -> tuple[str, ...]:
        """All that can be typed, where that is a few words to choose from; else empty."""
        return (NO, YES) if self.kind is Kind.YES_NO else self.choices

    # What is typed

    def typed(self, settings: object) -> str:
        """Its value as it can be typed."""
        return self.as_typed(getattr(settings, self.name))

    def as_typed(self, value: Value) -> str:
        if value is None:
            return self.none_is
        if isinstance(value, bool):
            return YES if value else NO
        if isinstance(value, int) and self.unit == BYTES:
            return size_as_typed(value)
        if not isinstance(value, float):
            return str(value)
        return lr_as_typed(value) if self.is_lr else as_typed(value)

    def read(self, text: str) -> Value:
        """The value that was typed; InputError where it is none of its kind."""
        text = text.strip()
        if self.none_is and text.lower() == self.none_is:
            return None
        if self.unit == BYTES:
            return read_size(text, self.subject)
        if self.kind is Kind.WHOLE:
            return read_whole(text, self.subject)
        if self.kind is Kind.NUMBER:
            return read_number(text, self.subject, self.such_as)
        return text if self.kind is Kind.TEXT else self._read_yes_no(text)

    def _read_yes_no(self, text: str) -> bool:
        if text.lower() not in (YES, NO):
            raise InputError(f"{self.label} takes {YES} or {NO}, not {told(text)}.")
        return text.lower() == YES

    def refused(self, kind: type, text: str) -> str:
        """Why `kind`, its dataclass, does not take what was typed, in a sentence; empty where it
        does."""
        try:
            kind(**{self.name: self.read(text)})
        except InputError as error:
            return str(error)
        return ""

    # What it may be

    def check(self, value: Value) -> None:
        """InputError where it cannot be this."""
        if value is not None and not self._is_within(value):
            raise InputError(
                self.refusal.format(
                    called=self.subject,
                    range=self._range_passed(value),
                    told=_told(value),
                )
            )

    def _is_within(self, value: str | float) -> bool:
        if isinstance(value, str):
            return value in self.choices if self.choices else bool(value.strip() or not self.usual)
        least, most = _or(self.least, -math.inf), _or(self.most, math.inf)
        above, below = _or(self.above, -math.inf), _or(self.below, math.inf)
        return -math.inf < value < math.inf and least <= value <= most and above < value < below

    def _range_passed(self, value: str | float) -> str:
        """Of a whole number the end alone that was passed: the other is often out of sight."""
        if isinstance(value, int) and self.most is not None and self.least is not None:
            return f"at most {self.most:,}" if value > self.most else f"{self.least:,} or more"
        return self.range

    @property
    def allowed(self) -> str:
        """What it may be: its range with the unit, or what kind of text."""
        told = f"{self.range or self.kind.value} {self.unit}".strip()
        return f"{told}; or {self.none_is}" if self.none_is else told

    @property
    def range(self) -> str:
        """What it may be, in words; empty where that is anything of its kind."""
        if self.choices:
            return " or ".join(self.choices)
        in_sight = None if self.most is None or self.most >= OUT_OF_SIGHT else self.most
        if self.least is not None and in_sight is not None:
            return f"from {_number(self.least)} to {_number(in_sight)}"
        ends = (
            (self.above, "above {}"),
            (self.least, "{} or more"),
            (in_sight, "at most {}"),
            (self.below, "below {}"),
        )
        return " and ".join(words.format(_number(end)) for end, words in ends if end is not None)


def _or(limit: float | None, otherwise: float) -> float:
    return otherwise if limit is None else limit


def _number(number: float) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:g}"


def _told(value: str | float) -> str:
    return told(value) if isinstance(value, str) else _number(value)


def fields_of(kind: type) -> tuple[SettingField, ...]:
    """The settings of a dataclass, in its order, each with all that stands beside it."""
    return _fields_of(kind)


@cache
def _fields_of(kind: type) -> tuple[SettingField, ...]:
    usually = {"takes_effect": getattr(kind, "TAKES_EFFECT", "")}
    return tuple(
        SettingField(one.name, _kind_of(one.type), **{**usually, **one.metadata})
        for one in fields(kind)
        if one.metadata
    )


def _kind_of(declared: object) -> Kind:
    """Of the type that a field is declared with, one that may be None included."""
    kinds = get_args(declared) if isinstance(declared, UnionType) else (declared,)
    return next(KINDS[kind] for kind in kinds if kind in KINDS)


def field_of(kind: type, name: str) -> SettingField:
    """One setting of a dataclass."""
    return next(one for one in fields_of(kind) if one.name == name)


def check_settings(settings: object) -> None:
    """InputError for the first setting that is out of its range, or none of its choices."""
    for one in fields_of(type(settings)):
        one.check(getattr(settings, one.name))


def read_typed(kind: type[Settings], typed: Mapping[str, str]) -> Settings:
    """The settings typed, by their names; InputError where they cannot be used."""
    return kind(**{one.name: one.read(typed[one.name]) for one in fields_of(kind)})
