"""The rules that end a run, on numbers that are made up."""

import math

import pytest

from tests.known import present
from tui_trainer.engine.loop.alerts.robust import WINDOW
from tui_trainer.engine.loop.stop_rules import StopRules
from tui_trainer.errors import InputError
from tui_trainer.runs.metrics import MetricsLine, StepLine, ValidationLine
from tui_trainer.settings.train import TrainSettings


def test_patience_counts_measurements_in_a_row_that_are_not_lower_than_the_lowest() -> None:
    rules = StopRules(TrainSettings(patience=2, validation_items=4))
    losses = [3.0, 2.0, 2.5, 1.5, 1.5, None, math.nan]
    held = [rules.measured(step, loss) for step, loss in enumerate(losses)]
    assert held[:-1] == [None] * 6, "as low is not lower, and no loss is no measurement"
    reached = held[-1]
    assert reached is not None
    assert (reached.rule, reached.value) == ("patience", 2)
    assert "was 1.5" in reached.says
    assert "after step 3, and not lower in 2 measurements since" in reached.says


def test_a_loss_is_reached_by_the_mean_of_the_last_64_steps() -> None:
    rules = StopRules(TrainSettings(stop_at_loss=1.5))
    losses = [2.0] * WINDOW + [1.0] * WINDOW
    held = [rules.step(loss, tokens=1, seconds=1.0) for loss in losses]
    first = next(n for n, reached in enumerate(held, start=1) if reached)
    assert first == WINDOW + WINDOW // 2
    assert present(held[first - 1]).value == sum(losses[first - WINDOW : first]) / WINDOW == 1.5


def test_a_loss_of_few_steps_or_of_none_that_is_a_number_ends_nothing() -> None:
    rules = StopRules(TrainSettings(stop_at_loss=1.5))
    assert not any(rules.step(loss, 1, 1.0) for loss in [1.0] * (WINDOW - 1) + [math.nan] * WINDOW)


@pytest.mark.parametrize(
    ("settings", "rule", "at"),
    [(TrainSettings(tokens=250), "tokens", 3), (TrainSettings(minutes=0.5), "minutes", 5)],
)
def test_tokens_and_minutes_are_those_of_all_steps(
    settings: TrainSettings, rule: str, at: int
) -> None:
    rules = StopRules(settings)
    held = [rules.step(2.0, tokens=100, seconds=6.25) for _ in range(at)]
    assert held[:-1] == [None] * (at - 1)
    assert held[-1] is not None
    assert held[-1].rule == rule


def test_a_run_that_goes_on_knows_what_its_metrics_say() -> None:
    settings = TrainSettings(tokens=300, patience=3, validation_items=4)
    lines: list[MetricsLine] = [
        ValidationLine(0, loss=2.0),
        StepLine(step=1, loss=None, tokens=200, lr=1e-3, seconds=1.0),
        ValidationLine(1, loss=2.5),
        ValidationLine(2, loss=2.5),
    ]
    rules = StopRules(settings)
    rules.replay(lines)
    assert rules.measured(2, 2.5) is None, "it was measured before, and is again"
    reached = rules.measured(3, 2.5)
    assert reached is not None
    assert reached.value == 3
    assert rules.step(2.0, tokens=99, seconds=1.0) is None
    assert rules.step(2.0, tokens=1, seconds=1.0) is not None


def test_where_a_rule_holds_already_a_run_does_not_go_on_and_is_told_how_it_would() -> None:
    lines = [StepLine(step=1, loss=2.0, tokens=200, lr=1e-3, seconds=1.0)]
    with pytest.raises(InputError, match=r"trained on 200 tokens.*another --tokens to"):
        StopRules(TrainSettings(tokens=200)).replay(lines)
    StopRules(TrainSettings(tokens=201)).replay(lines)


def test_patience_without_anything_measured_is_refused() -> None:
    with pytest.raises(InputError, match="give --validation-items N too"):
        StopRules(TrainSettings(patience=3))
