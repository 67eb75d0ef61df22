"""What can be configured: each setting by its flag's name, in the table of what it is a setting of.

`lr` in the table `[loop]` is `loop.lr` here, and `TUI_TRAINER_LOOP_LR` in the environment.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tui_trainer.errors import InputError
from tui_trainer.settings.bench import BenchSettings
from tui_trainer.settings.cell import CellSettings
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.fields import Kind, SettingField, Value, field_of, fields_of
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import PRESETS
from tui_trainer.settings.sampling import Sampling
from tui_trainer.settings.train import TrainSettings
from tui_trainer.settings.typed_numbers import told

ENVIRONMENT = "TUI_TRAINER_"
TABLES: dict[str, type] = {
    "loop": TrainSettings,
    "cell": CellSettings,
    "sampling": Sampling,
    "evaluation": EvaluationSettings,
    "bench": BenchSettings,
}
"""Those of the model stand above all tables."""
KEYS, PROFILES = "keys", "profiles"
USUAL_THEME = "trainer-dark"
THEME, PRESET, PROBLEMS = "theme", "loop.preset", "problems"
OF_PROBLEMS = "loop.problems", "evaluation.problems", "bench.problems"
"""What `problems` above all tables stands for."""
IDLE_MINUTES = SettingField(
    "idle_minutes",
    Kind.NUMBER,
    10.0,
    "with the next engine",
    "minutes after which an engine ends, its work saved, where nothing runs and nobody looks at it",
    unit="minutes",
    above=0,
    most=1_000_000,
)
A_FLAG_ALONE = {
    "trust-remote-code": "runs code that comes with a model, so it is asked for each time: give "
    "--trust-remote-code on the command line"
}


@dataclass(frozen=True)
class Option:
    """One setting that can be configured."""

    table: str
    """Empty for what stands above all tables."""
    field: SettingField
    kind: type | None = None
    """The dataclass whose field it is; None for what no dataclass holds."""

    @property
    def short(self) -> str:
        """Its name within its table."""
        return self.field.option.removeprefix("--")

    @property
    def name(self) -> str:
        return f"{self.table}.{self.short}" if self.table else self.short

    @property
    def variable(self) -> str:
        """Of the environment."""
        return ENVIRONMENT + self.name.upper().replace(".", "_").replace("-", "_")

    @property
    def _says_otherwise(self) -> bool:
        """Whether its name says what is not usual, as `sample` does of greedy choice."""
        return self.field.kind is Kind.YES_NO and bool(self.field.flag)

    def of(self, given: object) -> Value:
        """The value that TOML has for it; InputError where it cannot be that."""
        value = self._typed(given)
        self._check(value)
        return value

    def read(self, text: str) -> Value:
        """The value that stands in the environment; InputError where it cannot be that."""
        value = self.field.read(text)
        if self._says_otherwise:
            value = bool(value) != self.field.usual
        self._check(value)
        return value

    def shown(self, value: Value) -> Value:
        """A value as config.toml has it."""
        if self._says_otherwise:
            return value != self.field.usual
        return self.field.none_is if value is None else value

    def _typed(self, given: object) -> Value:
        field = self.field
        if field.none_is and isinstance(given, str) and given.lower() == field.none_is:
            return None
        if isinstance(given, bool):
            if field.kind is Kind.YES_NO:
                return given != field.usual if self._says_otherwise else given
        elif isinstance(given, str):
            if field.kind is Kind.TEXT:
                return given
        elif isinstance(given, int):
            if field.kind in (Kind.WHOLE, Kind.NUMBER):
                return given if field.kind is Kind.WHOLE else as_float(given)
        elif isinstance(given, float) and field.kind is Kind.NUMBER:
            return given
        raise InputError(f"{self.short} takes {self.takes}, not {in_toml(given)}")

    def _check(self, value: Value) -> None:
        if self.kind is None:
            self.field.check(value)
        else:
            self.kind(**{self.field.name: value})

    @property
    def takes(self) -> str:
        """What it can be, in a few words."""
        field = self.field
        if field.kind is Kind.YES_NO:
            return "true or false"
        words = field.range if field.choices else field.kind.value
        if field.kind is Kind.TEXT:
            words = f"{words}, in quotes"
        elif field.range:
            words = f"{words} {field.range}"
        return f"{words}, or {field.none_is!r}" if field.none_is else words


def as_float(number: int) -> float:
    """OverflowError has no place in a file of settings."""
    try:
        return float(number)
    except OverflowError:
        raise InputError(f"{told(str(number))} is too large") from None


def in_toml(given: object) -> str:
    """A value as a sentence has it."""
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, dict):
        return "a table"
    if isinstance(given, list):
        return "a list"
    return told(given) if isinstance(given, str) else told(str(given)).strip("'")


@cache
def options() -> dict[str, Option]:
    """All of them by their names, in the order in which they are shown."""
    return {option.name: option for option in _options()}


def _options() -> Iterator[Option]:
    yield Option("", SettingField(THEME, Kind.TEXT, USUAL_THEME, "", "what the app looks like"))
    for field in fields_of(ModelChoice):
        if field.option.removeprefix("--") not in A_FLAG_ALONE:
            yield Option("", field, ModelChoice)
    yield Option("", field_of(TrainSettings, PROBLEMS), TrainSettings)
    yield Option("", IDLE_MINUTES)
    presets = SettingField("preset", Kind.TEXT, "tutorial", "", "", choices=tuple(PRESETS))
    yield Option("loop", presets)
    for table, kind in TABLES.items():
        for field in fields_of(kind):
            yield Option(table, field, kind)
