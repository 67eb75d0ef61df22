"""docs/settings.md, from what stands beside each setting: `make docs` writes it. No torch here."""

from collections.abc import Iterator, Sequence
from inspect import cleandoc
from itertools import groupby

from tui_trainer.settings.bench import BenchSettings
from tui_trainer.settings.cell import CellSettings
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.fields import Kind, SettingField, fields_of
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import PRESETS
from tui_trainer.settings.sampling import Sampling
from tui_trainer.settings.train import TrainSettings

SECTIONS: tuple[tuple[str, type], ...] = (
    ("The model: `m`, and every command", ModelChoice),
    ("A training loop: GSM8K, `tui-trainer gsm8k`", TrainSettings),
    ("The training cell: Step, `tui-trainer step`", CellSettings),
    ("Sampling: Predict, `tui-trainer predict`", Sampling),
    ("An evaluation: GSM8K, `tui-trainer eval`", EvaluationSettings),
    ("A bench: Runs, `tui-trainer bench`", BenchSettings),
)
HEAD = """\
# Settings

What can be set, its usual value, and what it can be. Forms, flags and `--help` say the same: all of
it stands beside the setting in `src/tui_trainer/settings/`, and `make docs` makes this page of it.
"""
COLUMNS = "setting", "usually", "can be", "what it means"


def page() -> str:
    """The whole page, as Markdown."""
    return "\n".join([HEAD, *(section(heading, kind) for heading, kind in SECTIONS)])


def section(heading: str, kind: type) -> str:
    """The settings of one dataclass: what it is, and a table of them."""
    when = getattr(kind, "TAKES_EFFECT", "")
    rows = [cells(field, kind, when) for field in fields_of(kind)]
    lines = [line(COLUMNS), line(["---"] * len(COLUMNS)), *map(line, rows)]
    told = cleandoc(kind.__doc__ or "")
    return f"## {heading}\n\n{told}\n\nA change takes effect {when}.\n\n" + "\n".join(lines) + "\n"


def line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def cells(field: SettingField, kind: type, when: str) -> list[str]:
    """The row of one setting."""
    flags = "<br>".join(f"`{flag}`" for flag in flags_of(field))
    return [
        f"{field.label}<br>{flags}" if flags else field.label,
        "<br>".join(usual_values(field, kind)),
        field.allowed,
        " ".join(sentences(field, when)),
    ]


def flags_of(field: SettingField) -> Iterator[str]:
    if field.flag is None:
        return
    yield field.option
    if field.kind is Kind.YES_NO and not field.flag:
        yield field.option.replace("--", "--no-", 1)


def usual_values(field: SettingField, kind: type) -> Iterator[str]:
    """Its usual value; those of the presets where they are others."""
    yield field.as_typed(field.usual) or "empty"
    if kind is TrainSettings:
        for other, names in groupby(PRESETS, lambda name: field.typed(PRESETS[name])):
            if other != field.as_typed(field.usual):
                yield f"{other} in {' and '.join(f'`{name}`' for name in names)}"


def sentences(field: SettingField, when: str) -> Iterator[str]:
    yield f"{field.meaning}."
    if field.flag_meaning:
        yield f"The flag: {field.flag_meaning}."
    if field.more:
        yield field.more
    if field.takes_effect != when:
        yield f"A change takes effect {field.takes_effect}."


if __name__ == "__main__":
    print(page(), end="")
