"""Whether it got better, in words: which score counts, and why the other one differs."""

import pytest

from tests.fake_engine import evaluated_item
from tui_trainer.reports.evaluated_items import EvaluatedItem
from tui_trainer.reports.evaluation import Comparison, compare
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.words.scores import describe_flexible, describe_verdict

ITEMS = 20


def answers(text: str) -> tuple[EvaluatedItem, ...]:
    """Each with its right number in the place of `{}`."""
    settings = EvaluationSettings()
    return tuple(evaluated_item(n, text.format(n + 1), settings) for n in range(ITEMS))


def from_to(before: str, after: str) -> Comparison:
    return compare(answers(before), answers(after))


@pytest.mark.parametrize(
    ("before", "after", "verdict", "why"),
    [
        (
            "It is {}.",
            "#### {} and 977",
            "Better. Strict counts: 0.0% → 100.0%, +100.0 (95%: ",
            "Flexible (last number): 100.0% → 0.0%: 20 answers wrote on past ####",
        ),
        (
            "#### {} and 977",
            "It is {}.",
            "Worse. Strict counts: 100.0% → 0.0%, -100.0 (95%: ",
            "Flexible (last number): 0.0% → 100.0%: 20 answers have no ####",
        ),
        (
            "#### 977",
            "#### {}",
            "Better. Strict counts: 0.0% → ",
            "Flexible: 0.0% → 100.0%, +100.0",
        ),
        (
            "#### {}",
            "#### {}",
            "No change seen. Strict counts: 100.0% → ",
            "Flexible: 100.0% → 100.0%",
        ),
    ],
)
def test_a_verdict_says_which_score_counts_and_why_the_other_one_differs(
    before: str, after: str, verdict: str, why: str
) -> None:
    comparison = from_to(before, after)
    assert describe_verdict(comparison.strict).startswith(verdict)
    lines = describe_flexible(comparison)
    assert all(line.startswith(why) for line in lines)
    assert len(lines[-1]) <= 74


def test_what_may_be_chance_is_not_called_better() -> None:
    right, wrong = answers("#### {}"), answers("#### 977")
    rise = compare(wrong, (*right[:1], *wrong[1:])).strict
    assert describe_verdict(rise).startswith("May be chance. Strict counts: 0.0% → 5.0%, +5.0")
