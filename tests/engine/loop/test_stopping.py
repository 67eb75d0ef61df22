"""A run that a rule ends is a finished one: measured, saved, with the reason, and exact."""

import itertools
import json
from pathlib import Path

import pytest

from tests.engine.notebook import assert_same_bits, weights_of
from tests.known import end, the
from tui_trainer.engine.engine import Engine
from tui_trainer.errors import InputError
from tui_trainer.reports.loop import LoopReport, StopReport, ValidationReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.checkpoint_check import check_checkpoint
from tui_trainer.runs.checkpoints import find_checkpoint
from tui_trainer.runs.home import run_folders
from tui_trainer.runs.listing import open_run
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

BY_TOKENS = TrainSettings(
    items=12, tokens=400, validation_items=2, validate_every=100, checkpoint_every=2
)
BY_PATIENCE = TrainSettings(  # lr makes it worse at once
    items=12, lr=3.0, patience=3, validation_items=2, validate_every=2, checkpoint_every=3
)


def lines_of(run: Path) -> list[dict[str, object]]:
    """Without the times, which no two runs share."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


def steps_in(reports: list[LoopReport]) -> list[StepReport]:
    return [report for report in reports if isinstance(report, StepReport)]


def test_a_run_that_a_rule_ends_is_finished_measured_and_saved(qwen3: Engine) -> None:
    reports = list(qwen3.train(BY_TOKENS, record=True))
    steps, stop = steps_in(reports), the(StopReport, reports[-1])
    spent = list(itertools.accumulate(step.tokens for step in steps))
    assert spent[-2] < 400 <= spent[-1]
    assert len(steps) < 12
    assert (stop.step, stop.rule, stop.value) == (len(steps), "tokens", spent[-1])
    measured = [report.step for report in reports if isinstance(report, ValidationReport)]
    assert measured == [0, len(steps)], "as at any end"
    run = open_run(run_folders()[0])
    assert (run.state.value, run.description.stop_reason) == ("finished", stop.says)
    check_checkpoint(run.folder / "checkpoints" / f"step-{len(steps):06}")
    assert run.checkpoints[-1] == len(steps)
    line = lines_of(run.folder)[-1]
    assert line == {
        "event": "stop",
        "step": len(steps),
        "rule": "tokens",
        "says": stop.says,
        "value": spent[-1],
    }


def test_its_bits_are_those_of_the_run_that_no_rule_ends(qwen3: Engine) -> None:
    choice = qwen3.at_hand.choice
    reports = list(qwen3.train(BY_TOKENS, record=False))
    weights, steps = weights_of(qwen3.learner.model), steps_in(reports)
    qwen3.load_model(choice)
    whole = qwen3.train(TrainSettings(items=12), record=False)
    others = list(itertools.islice(whole, len(steps)))
    assert [step.loss for step in steps] == [the(StepReport, other).loss for other in others]
    assert_same_bits(qwen3.learner.model.parameters(), weights)
    end(whole)


@pytest.mark.parametrize("settings", [BY_TOKENS, BY_PATIENCE], ids=["tokens", "patience"])
def test_a_run_that_is_resumed_stops_where_the_whole_one_did(
    qwen3: Engine, settings: TrainSettings
) -> None:
    choice = ModelChoice(qwen3.at_hand.choice.source, "cpu", "fp32")
    qwen3.load_model(choice)
    list(qwen3.train(settings, record=True))
    whole, weights = run_folders()[0], weights_of(qwen3.learner.model)
    (stop,) = [line for line in lines_of(whole) if line.get("event") == "stop"]
    assert int(str(stop["step"])) < 12
    first = whole / "checkpoints" / f"step-{settings.checkpoint_every:06}"
    qwen3.load_model(ModelChoice(str(first), "cpu", "fp32"))
    list(qwen3.resume(str(first), settings, record=True))
    assert run_folders()[0] != whole
    assert lines_of(run_folders()[0]) == lines_of(whole)
    assert_same_bits(qwen3.learner.model.parameters(), weights)


def test_a_run_that_has_stopped_goes_on_with_another_rule_alone(qwen3: Engine) -> None:
    list(qwen3.train(BY_PATIENCE, record=True))
    folder = find_checkpoint(run_folders()[0].name)
    qwen3.load_model(ModelChoice(str(folder), "cpu", "fp32"))
    with pytest.raises(InputError, match="another --patience to"):
        qwen3.resume(str(folder), BY_PATIENCE, record=True)
    more = TrainSettings(**{**vars(BY_PATIENCE), "patience": 4})
    reports = list(qwen3.resume(str(folder), more, record=True))
    assert the(StopReport, reports[-1]).value == 4
    assert len(steps_in(reports)) == 2, "one measurement more"


def test_a_stop_by_minutes_in_the_first_step_and_without_a_run(qwen3: Engine) -> None:
    reports = list(qwen3.train(TrainSettings(items=4, minutes=1e-9), record=False))
    assert [type(report) for report in reports] == [StepReport, StopReport]
    assert the(StopReport, reports[-1]).checkpoint is None


def test_where_no_checkpoint_is_wanted_at_the_end_there_is_none(qwen3: Engine) -> None:
    settings = TrainSettings(items=4, tokens=1, checkpoint_at_end=False)
    reports = list(qwen3.train(settings, record=True))
    assert the(StopReport, reports[-1]).checkpoint is None
    assert open_run(run_folders()[0]).checkpoints == ()
