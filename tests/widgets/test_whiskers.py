"""Scores and rises with their intervals, drawn to scale."""

import pytest

from tests.fake_engine import evaluated_item
from tui_trainer.reports.evaluation import Comparison, compare
from tui_trainer.screens.evaluation.words import rise_sign
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.widgets.whiskers import difference, scale_of, whiskers
from tui_trainer.words.signs import BETTER, WORSE


@pytest.mark.parametrize(
    ("share", "interval", "end", "drawn"),
    [
        (0.5, (0.15, 0.85), 1.0, "━━━├──────●──────┤"),
        (0.05, (0.01, 0.1), 0.2, "━├───●────┤"),
        (0.0, (0.0, 0.1), 1.0, "●─┤"),
        (1.0, (0.8, 1.0), 1.0, "━━━━━━━━━━━━━━━━├───●"),
        (0.5, (0.49, 0.51), 1.0, "━━━━━━━━━━●"),
    ],
)
def test_a_score_is_a_bar_with_its_interval_to_scale(
    share: float, interval: tuple[float, float], end: float, drawn: str
) -> None:
    assert whiskers(share, interval, 21, end).plain == drawn


def test_the_scale_ends_where_the_highest_interval_does_at_a_round_number() -> None:
    assert [scale_of([high, 0.01]) for high in (0.04, 0.12, 0.5, 0.51)] == [0.1, 0.2, 0.5, 1.0]
    assert scale_of([]) == 1.0


def test_a_rise_is_drawn_beside_the_line_of_no_rise() -> None:
    line = difference(0.1, (-0.05, 0.2), 29).plain
    assert line == "-20         ├─┊────●────┤ +20"
    assert line.index("├") < line.index("┊") < line.index("●")
    apart = difference(0.15, (0.1, 0.2), 29).plain
    assert apart.index("┊") < apart.index("├") < apart.index("●")


def pairs(right_before: int, right_after: int, items: int) -> Comparison:
    settings = EvaluationSettings()

    def answered(right: int) -> tuple[str, ...]:
        return tuple(f"#### {n + 1 if n < right else 0}" for n in range(items))

    before, after = (
        tuple(evaluated_item(n, text, settings) for n, text in enumerate(answered(right)))
        for right in (right_before, right_after)
    )
    return compare(before, after)


def test_a_rise_is_better_or_worse_where_it_is_hardly_chance_and_has_its_sign_always() -> None:
    assert rise_sign(pairs(0, 20, 30).strict) == ("↑", BETTER)
    assert rise_sign(pairs(20, 0, 30).strict) == ("↓", WORSE)
    assert rise_sign(pairs(2, 3, 30).strict) == ("↑", "")
    assert rise_sign(pairs(2, 2, 30).strict).style == ""
