"""Scoring, by fixtures written from the published definitions of lm-evaluation-harness's gsm8k."""

import pytest

from tui_trainer.reports.evaluated_items import Answer, Ending, EvaluatedItem, Outcome
from tui_trainer.reports.evaluation import Change, Score, compare, tally
from tui_trainer.reports.scoring import (
    cut_at_stop,
    flexible_answer,
    is_exact_match,
    paired_interval,
    strict_answer,
    wilson_interval,
)

REFERENCE = "48/2 = <<48/2=24>>24 in May.\nTogether 48+24 = <<48+24=72>>72.\n#### 72"
# What the model wrote; strict and flexible extraction; whether each is right against 72
ANSWERS = [
    (" She sold 72.\n#### 72", "72", "72", True, True),
    ("#### 72.", "72.", "72.", True, True),
    ("#### 72\n\nHe has 5 of 9", "72", "9", True, False),  # run-on text
    ("#### 71\nNo: #### 72", "71", "72", False, True),  # the first by strict, the last by flexible
    ("The answer is $72.", None, "$72.", False, True),
    ("The answer is 72", None, "72", False, True),
    ("#### $72", None, "$72", False, True),  # strict wants a digit after the space
    ("####72", None, "72", False, True),
    ("####  72", None, "72", False, True),
    ("#### 72.0", "72.0", "72.0", False, False),  # compared as text, not as a number
    ("#### 7,2", "7,2", "7,2", True, True),  # a comma is ignored wherever it stands
    ("#### -72", "-72", "-72", False, False),
    ("#### 72 apples and so on...", "72", "...", True, False),  # dots alone are taken too
    ("seventy-two", None, None, False, False),
    ("", None, None, False, False),
]


@pytest.mark.parametrize(("text", "strict", "flexible", "strict_right", "flexible_right"), ANSWERS)
def test_both_rules(
    text: str, strict: str | None, flexible: str | None, strict_right: bool, flexible_right: bool
) -> None:
    assert strict_answer(text) == strict
    assert flexible_answer(text) == flexible
    assert is_exact_match(strict, REFERENCE) is strict_right
    assert is_exact_match(flexible, REFERENCE) is flexible_right


@pytest.mark.parametrize(
    ("reference", "right", "wrong"),
    [
        ("2125\n#### 2,125", ("2125", "2,125", "$2,125", "2125."), ("2.125", "21,25.0")),
        ("It falls.\n#### -5", ("-5", "-5.", "$-5"), ("5", "- 5")),
        ("#### 1\nmore\n#### 0.75", ("0.75", "0.75."), (".75", "75", "1")),
        ("18", ("18", "#### 18", "18."), ("8", "180")),  # a bare number is an answer
        ("#### 18.", ("18", "18."), ("18..",)),
    ],
)
def test_what_counts_as_the_same(
    reference: str, right: tuple[str, ...], wrong: tuple[str, ...]
) -> None:
    assert [is_exact_match(text, reference) for text in right] == [True] * len(right)
    assert [is_exact_match(text, reference) for text in wrong] == [False] * len(wrong)


@pytest.mark.parametrize(
    ("text", "kept", "stop"),
    [
        (" 24\n#### 24\n\nQuestion: How many?\nAnswer: 9", " 24\n#### 24\n\n", "Question:"),
        ("#### 24</s>#### 25<|im_end|>", "#### 24", "</s>"),
        ("#### 24<|im_end|></s>", "#### 24", "<|im_end|>"),
        ("#### 24\nquestion: no", "#### 24\nquestion: no", None),
        ("Question:", "", "Question:"),
    ],
)
def test_text_ends_at_the_first_stop_string(text: str, kept: str, stop: str | None) -> None:
    assert cut_at_stop(text) == (kept, stop)


@pytest.mark.parametrize(
    ("right", "items", "low", "high"),
    [  # Newcombe, Statistics in Medicine 17 (1998), 857, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval_has_its_published_values(
    right: int, items: int, low: float, high: float
) -> None:
    assert wilson_interval(right, items) == pytest.approx((low, high), abs=5e-5)
    mirrored = wilson_interval(items - right, items)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=5e-5)


def test_wilson_interval_at_its_ends() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert wilson_interval(0, 7)[0] == 0.0
    assert wilson_interval(7, 7)[1] == 1.0


def test_interval_of_a_rise_has_its_published_values() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), 2635, table III, method 10: 36, 12, 2, 0
    rise = paired_interval(both=36, only_before=2, only_after=12, neither=0)
    assert rise == pytest.approx((0.0569, 0.3404), abs=5e-5)
    fall = paired_interval(both=36, only_before=12, only_after=2, neither=0)
    assert fall == pytest.approx((-0.3404, -0.0569), abs=5e-5)
    assert paired_interval(0, 0, 0, 0) == (-1.0, 1.0)
    low, high = paired_interval(50, 0, 0, 0)
    assert low == pytest.approx(-high)


# Counting


def item(problem: int, answer: str, ending: Ending = Ending.END_OF_TEXT) -> EvaluatedItem:
    return EvaluatedItem(problem, f"question {problem}", "#### 72", "", Answer(answer, ending, 9))


BEFORE = (
    item(0, "72"),
    item(1, "#### 72"),
    item(2, "#### 7"),
    item(3, "72 72 72", Ending.BUDGET),
    item(4, "#### 72"),
)
AFTER = (
    item(3, "#### 8"),
    item(0, "#### 72"),
    item(1, "#### 71"),
    item(4, "#### 72", Ending.CONTEXT),
    item(9, "#### 72"),
)


def test_tally_tells_format_failures_from_wrong_answers() -> None:
    counted = tally(BEFORE)
    assert counted.strict == Score(2, 5)
    assert counted.flexible == Score(4, 5)
    assert (counted.wrong, counted.format_failures, counted.cut) == (1, 2, 1)
    assert [i.outcome for i in BEFORE[:3]] == [Outcome.NO_FORMAT, Outcome.RIGHT, Outcome.WRONG]
    assert counted.strict.share == 0.4
    assert counted.strict.interval == wilson_interval(2, 5)
    assert tally(()).strict.share == 0.0


def test_two_evaluations_are_compared_item_by_item() -> None:
    comparison = compare(BEFORE, AFTER)
    assert [(c.after.problem, c.change) for c in comparison.items] == [
        (3, Change.STILL_WRONG),
        (0, Change.FIXED),
        (1, Change.BROKEN),
        (4, Change.STILL_RIGHT),
    ]
    assert [comparison.count(change) for change in Change] == [1, 1, 1, 1]
    assert (comparison.strict.before, comparison.strict.after) == (Score(2, 4), Score(2, 4))
    assert comparison.strict.share == 0.0
    assert comparison.strict.interval == paired_interval(1, 1, 1, 1)
