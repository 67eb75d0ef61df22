"""What stands beside a setting, once: the checks, the forms and the flags are made from it."""

import argparse
import math
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import ClassVar

import pytest

from tui_trainer.errors import InputError
from tui_trainer.headless.arguments import add_settings, read_settings
from tui_trainer.screens.dialogs.form import form_beside_usual
from tui_trainer.settings.bench import BenchSettings
from tui_trainer.settings.cell import CellSettings
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.fields import (
    GROUPS,
    Kind,
    SettingField,
    check_settings,
    fields_of,
    read_typed,
    setting,
)
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.sampling import Sampling
from tui_trainer.settings.train import TrainSettings
from tui_trainer.words.settings import describe_field

ALL = ModelChoice, TrainSettings, CellSettings, Sampling, EvaluationSettings, BenchSettings
NUMBERS = [
    pytest.param(kind, field, id=f"{kind.__name__}.{field.name}")
    for kind in ALL
    for field in fields_of(kind)
    if field.kind in (Kind.WHOLE, Kind.NUMBER)
]


@dataclass(frozen=True)
class Tea:
    """One setting of each kind."""

    TAKES_EFFECT: ClassVar[str] = "with the next cup"

    leaf: str = setting("green", "which leaf", choices=("green", "black"))
    cups: int = setting(2, "how many cups", unit="cups", least=1, most=12)
    sugar: float = setting(0.0, "how sweet", least=0, below=1, takes_effect="at once")
    minutes: float | None = setting(
        None, "how long it draws", unit="minutes", above=0, none_is="by taste", flag="--draw MIN"
    )
    milk: bool = setting(False, "with milk")
    hot: bool = setting(True, "hot", flag="--iced", flag_meaning="with ice")
    note: str = setting("", "what to write on it")

    def __post_init__(self) -> None:
        check_settings(self)


def parse(*flags: str) -> Tea:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_settings(parser, Tea)
    return read_settings(Tea, parser.parse_args(flags))


def test_one_field_of_a_dataclass_makes_the_flag_its_help_and_the_line_of_a_form(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert parse() == Tea()
    given = parse("--leaf=black", "--cups", "3", "--draw", "2.5", "--milk", "--iced", "--sugar=.5")
    assert given == Tea("black", 3, 0.5, 2.5, milk=True, hot=False)
    assert parse("--draw", "by taste", "--no-milk") == Tea()
    with pytest.raises(SystemExit):
        parse("--help")
    told = capsys.readouterr().out
    for line in (
        "--leaf {green,black}",
        "  which leaf (green)\n",
        "--cups N              how many cups (2)",
        "--draw MIN            how long it draws (by taste)",
        "--milk, --no-milk     with milk",
        "--iced                with ice",
        "--note SOURCE         what to write on it\n",
    ):
        assert line in told
    form = form_beside_usual("Tea", Tea())
    assert [field.name for field in form.fields] == [*asdict(Tea())]
    typed = {field.name: field.typed(given) for field in form.fields}
    assert (typed["minutes"], typed["milk"]) == ("2.5", "yes")
    assert read_typed(Tea, typed) == given
    cups, sugar = form.fields[1:3]
    assert describe_field(cups, "usual", "2") == (
        "cups: how many cups.",
        "from 1 to 12 cups · usual: 2 · --cups",
        "A change takes effect with the next cup.",
        "",
    )
    assert describe_field(sugar, "usual", "0")[2] == "A change takes effect at once."


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (partial(Tea, leaf="red"), "leaf must be green or black, not 'red'."),
        (partial(Tea, cups=0), "cups must be 1 or more, not 0."),
        (partial(Tea, cups=2000), "cups must be at most 12, not 2,000."),
        (partial(Tea, sugar=1.0), "sugar must be 0 or more and below 1, not 1."),
        (partial(Tea, minutes=0.0), "minutes must be above 0, not 0."),
        (partial(Tea, minutes=math.inf), "minutes must be above 0, not inf."),
        (partial(Tea, minutes=math.nan), "minutes must be above 0, not nan."),
    ],
)
def test_it_checks_what_the_setting_may_be(wrong: partial[Tea], sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        wrong()
    assert str(refused.value) == sentence
    (name, value), *_ = wrong.keywords.items()
    if str(value) not in ("inf", "nan"):
        flag = {"minutes": "--draw"}.get(name, f"--{name}")
        with pytest.raises(argparse.ArgumentError, match=f"argument {flag}: {sentence}"):
            parse(flag, str(value))


@pytest.mark.parametrize("kind", ALL)
def test_every_setting_says_what_it_means_what_it_is_about_and_when_it_takes_effect(
    kind: type,
) -> None:
    assert [field.name for field in fields_of(kind)] == [field.name for field in fields(kind)]
    for field in fields_of(kind):
        assert field.meaning
        assert field.group in GROUPS
        assert field.takes_effect
        assert field.usual == getattr(kind, field.name)


@pytest.mark.parametrize(("kind", "field"), NUMBERS)
def test_every_number_has_a_range_and_is_refused_beyond_it(kind: type, field: SettingField) -> None:
    assert field.range
    assert field.unit or "seed" in field.name or field.name in SHARES
    ends = (field.least, -1), (field.above, 0), (field.below, 0), (field.most, 1)
    for end, beyond in ends:
        if end is not None:
            with pytest.raises(InputError):
                kind(**{field.name: end + beyond})
    if field.kind is Kind.NUMBER:
        with pytest.raises(InputError):
            kind(**{field.name: math.nan})


SHARES = {"lr", "weight_decay", "clip", "dropout", "temperature", "top_p"}
"""Numbers that count nothing."""
