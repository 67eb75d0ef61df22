"""Numbers as they are typed: one grammar, whoever asks for one."""

import re
from collections.abc import Callable
from functools import partial

import pytest

from tui_trainer.cli import parse
from tui_trainer.engine.data.problems import BUILTIN_TEST_START, load_problems
from tui_trainer.errors import InputError
from tui_trainer.reports.labelled_logits import read_logit, read_logits
from tui_trainer.settings.bench import BenchSettings
from tui_trainer.settings.cell import CellSettings, read_undo_memory
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.fields import Kind, field_of, fields_of
from tui_trainer.settings.sampling import Sampling
from tui_trainer.settings.train import LOWEST_LR, TrainSettings, check_lr, read_lr
from tui_trainer.settings.typed_numbers import (
    as_typed,
    read_number,
    read_size,
    read_whole,
    size_as_typed,
)

NO_NUMBER = (
    "", " ", "1_0", "１０", "٣", "nan", "inf", "-Infinity", "0x10", "1e", "e5", "--1", "1 0", "²",
    "1e4_0", ".", "1.2.3", "9" * 400 + "x",
)  # fmt: skip
NO_WHOLE = (*NO_NUMBER, "1e3", "1.0", "1,0", ",500", "1,0000", "9" * 300, str(2**63))
BEYOND = "1e400", "-1e309", "9" * 400, "1e-400", "0.0001e-330"
DIGITS = "1_0", "１０", "²"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("500", 500),
        (" -1 ", -1),
        ("+7,473", 7473),
        ("-0", 0),
        ("007", 7),
        (str(2**63 - 1), 2**63 - 1),
    ],
)
def test_a_whole_number_is_read(text: str, number: int) -> None:
    assert read_whole(text, "N") == number


@pytest.mark.parametrize(
    ("text", "number"),
    [("1e-5", 1e-5), ("3", 3.0), (" -.5E+1", -5.0), ("2.", 2.0), ("0e9", 0.0), ("5e-324", 5e-324)],
)
def test_a_number_is_read(text: str, number: float) -> None:
    assert read_number(text, "N") == number


@pytest.mark.parametrize("text", NO_WHOLE)
def test_what_is_no_whole_number_is_refused_in_a_short_sentence(text: str) -> None:
    with pytest.raises(InputError, match=r"^N takes a whole number") as refusal:
        read_whole(text, "N")
    assert len(str(refusal.value)) < 120


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        (str(2**63), "at most 2^63 - 1"),
        (str(-(2**63)), "at least -(2^63 - 1)"),
        (f" -{'9' * 300}", "at least -(2^63 - 1)"),
    ],
)
def test_the_limit_that_is_told_is_the_one_that_was_passed(text: str, limit: str) -> None:
    with pytest.raises(InputError, match=re.escape(f"of {limit}, not ")):
        read_whole(text, "N")
    assert read_whole(str(-(2**63) + 1), "N") == -(2**63) + 1


@pytest.mark.parametrize("text", [*NO_NUMBER, *BEYOND])
def test_what_is_no_number_is_refused_in_a_short_sentence(text: str) -> None:
    with pytest.raises(InputError, match=r"^N takes") as refusal:
        read_number(text, "N")
    assert len(str(refusal.value)) < 120


@pytest.mark.parametrize("digits", DIGITS)
def test_every_box_of_every_form_reads_by_it(digits: str) -> None:
    numbers = [
        field
        for kind in (TrainSettings, EvaluationSettings, BenchSettings, CellSettings, Sampling)
        for field in fields_of(kind)
        if field.kind in (Kind.WHOLE, Kind.NUMBER)
    ]
    assert len(numbers) > 20
    for read in (
        *(field.read for field in numbers),
        read_lr,
        read_logit,
        read_logits,
        read_undo_memory,
    ):
        with pytest.raises(InputError, match=digits):
            read(digits)


COMMANDS = [
    ("gsm8k", ["--items", "--lr", "--evaluate", "--weight-decay", "--seed"]),
    ("eval", ["--items", "--max-tokens"]),
    ("step", ["-n", "--lr"]),
    ("predict", ["--top", "--position", "--generate", "--temperature", "--top-k", "--top-p"]),
    ("loss", ["--label"]),
    ("bench", ["--items", "--seconds", "--last"]),
]


@pytest.mark.parametrize(("command", "flags"), COMMANDS)
def test_every_argument_of_a_command_reads_by_it(command: str, flags: list[str]) -> None:
    for flag in flags:
        for digits in (*DIGITS, "nan", "9" * 400):
            with pytest.raises(InputError, match=f"argument {flag}") as refusal:
                parse([command, flag, digits])
            assert len(str(refusal.value)) < 200


def test_a_learning_rate_that_moves_no_weight_is_refused() -> None:
    assert check_lr(LOWEST_LR) == LOWEST_LR
    for lr in (1e-45, 1e-39, 5e-324):
        with pytest.raises(InputError, match="moves no weight"):
            TrainSettings(lr=lr)
        with pytest.raises(InputError, match="moves no weight"):
            read_lr(f"{lr:g}")


def test_memory_for_undo_beyond_reason_is_refused() -> None:
    for line in ("9" * 400, "9999999999 TB", "1..5 GB"):
        with pytest.raises(InputError, match="memory"):
            read_undo_memory(line)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("items", partial(TrainSettings, items=2**62)),
        ("epochs", partial(TrainSettings, epochs=2**62)),
        ("batch", partial(TrainSettings, batch=2**62)),
        ("seed", partial(TrainSettings, seed=2**62)),
        ("validation items", partial(TrainSettings, validation_items=2**62)),
        ("warmup", partial(TrainSettings, warmup=2**62)),
    ],
)
def test_whole_numbers_past_reason_are_refused(
    name: str, wrong: Callable[[], TrainSettings]
) -> None:
    with pytest.raises(InputError, match=f"{name} must be at most"):
        wrong()
    with pytest.raises(InputError, match="items must be at most"):
        EvaluationSettings(items=2**62)


def test_the_builtin_items_to_train_on_end_where_those_to_test_begin() -> None:
    with pytest.raises(InputError, match="at most 100,000"):
        load_problems("builtin", limit=BUILTIN_TEST_START + 1)


@pytest.mark.parametrize("number", [1e-5, 0.1, 3.0, 1.23456789e-5, 0.1 + 0.2, LOWEST_LR])
def test_a_form_that_is_opened_and_left_changes_no_number(number: float) -> None:
    assert read_number(as_typed(number), "N") == number
    lr = field_of(TrainSettings, "lr")
    assert lr.read(lr.typed(TrainSettings(lr=number))) == number


@pytest.mark.parametrize("size", [0, 1, 999, 1000, 1_500, 500_000_000, 2 * 10**12, 3_975_123_456])
def test_a_size_is_read_as_it_is_typed(size: int) -> None:
    assert read_size(size_as_typed(size), "it") == size
    field = field_of(CellSettings, "undo_memory")
    assert field.read(field.as_typed(size)) == size
