"""What may begin while something else goes on, or was only asked for."""

from dataclasses import replace

import pytest

from tests.fake_engine import MODEL
from tests.runs_on_disk import step_report
from tui_trainer.protocol.events import LoopState
from tui_trainer.protocol.loop_names import BENCH, EVALUATION, GSM8K, PREDICT, STEP
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.session.going_on import CHANGES, Act, GoingOn
from tui_trainer.settings.model import ModelChoice

MEASURES = {Act.GENERATE, Act.EVALUATE, Act.BENCH}


def going(loop: str = "", state: LoopState = LoopState.RUNNING) -> GoingOn:
    """With a model, and a loop where one is named."""
    now = GoingOn()
    now.status = LearnerStatus(replace(MODEL), 0, 1e-5, "AdamW", True)
    if loop:
        now.loops[loop] = state
    return now


def allowed(now: GoingOn) -> set[Act]:
    return {act for act in Act if not now.why_not(act)}


def test_with_a_model_and_nothing_else_everything_may_begin() -> None:
    assert allowed(going()) == set(Act)
    assert allowed(going(GSM8K, LoopState.FINISHED)) == set(Act)


def test_without_a_model_and_while_one_is_loaded_nothing_may() -> None:
    now = GoingOn()
    assert (allowed(now), now.why_not(Act.UPDATE)) == (
        set(),
        "No model is loaded: press m and pick one.",
    )
    now.loading_choice = ModelChoice("first")
    assert now.why_not(Act.TRAIN) == "The model is still being loaded."
    now = going()
    now.loading_choice = ModelChoice("other")
    assert allowed(now) == set()
    assert now.why_not(Act.LOAD) == "other is being loaded: wait, or cancel that (C)."


@pytest.mark.parametrize("loop", [GSM8K, STEP, PREDICT, EVALUATION, BENCH])
def test_a_start_that_is_pending_counts_as_a_loop(loop: str) -> None:
    now = going()
    now._starting.add(loop)
    assert allowed(now) == set()
    assert now.is_live(loop)
    assert now.is_training is (loop in (GSM8K, STEP))
    assert now.describe_live()[0].endswith(" starting")


def test_what_each_loop_leaves_to_be_done_beside_it() -> None:
    paused = LoopState.PAUSED
    assert allowed(going(GSM8K)) == {Act.TRAIN, *MEASURES}
    assert allowed(going(GSM8K, paused)) == set(Act) - {Act.PHASE}
    assert allowed(going(STEP)) == MEASURES
    assert allowed(going(PREDICT)) == set(Act) - {Act.LOAD}
    assert allowed(going(EVALUATION)) == set(Act) - set(CHANGES)
    assert allowed(going(BENCH)) == set()


def test_a_loop_is_told_with_its_sign_and_how_far_it_is() -> None:
    now = going(GSM8K)
    assert now.describe_live()[0] == "▶ GSM8K running"
    step = replace(step_report(1, 2.0), step=312, steps=500)
    assert now.saw_reports(GSM8K, [step_report(1, 2.0), step]) == [step_report(1, 2.0), step]
    assert now.describe_live()[0] == "▶ GSM8K running 312/500"
    now.loops[GSM8K] = LoopState.PAUSED
    assert now.describe_live() == ("⏸ GSM8K paused 312/500", "⏸ GSM8K 312/500")
    now.loops[GSM8K] = LoopState.FAILED
    assert now.describe_live()[0] == "✗ GSM8K stopped by a failure"
    assert now.describe_live(but=GSM8K) == ("", "")
    now.loops[GSM8K] = LoopState.FINISHED
    assert now.describe_live()[0] == ""
