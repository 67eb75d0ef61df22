"""What a loop would cost, reckoned before it begins, is what it comes to."""

from dataclasses import replace

import pytest

from tests.known import present
from tui_trainer.engine.engine import Engine
from tui_trainer.errors import InputError
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.train import BEST_FIT, TrainSettings

FEW = TrainSettings(items=7)
LOOPS = {
    "an item a step": FEW,
    "epochs, batches, passes": replace(FEW, epochs=3, shuffle=True, batch=2, accumulation=2),
    "packed over the epochs' seam": replace(FEW, epochs=2, pack=160),
    "packed to fit": replace(FEW, epochs=2, pack=160, pack_order=BEST_FIT, batch=2),
    "measured": replace(FEW, items=2, validation_items=3, validate_every=9),
}


def steps(engine: Engine, settings: TrainSettings) -> list[StepReport]:
    return [report for report in engine.train(settings) if isinstance(report, StepReport)]


@pytest.mark.parametrize("settings", LOOPS.values(), ids=LOOPS)
def test_steps_tokens_and_memory_are_those_of_the_loop(
    qwen3: Engine, settings: TrainSettings
) -> None:
    cost = qwen3.loop_cost(settings)
    made = steps(qwen3, settings)
    assert cost.steps == len(made) == made[0].steps
    assert cost.tokens == sum(report.tokens for report in made)
    begun = present(qwen3.memory_estimate()).needed_bytes  # the process has grown meanwhile
    assert cost.memory.needed_bytes == pytest.approx(begun, rel=0.05)


def test_the_time_is_known_once_a_loop_has_shown_its_pace(qwen3: Engine) -> None:
    cost = qwen3.loop_cost(FEW)
    assert (cost.pace, cost.seconds) == (None, None)
    made = steps(qwen3, FEW)[1:]  # the first warms up
    cost = qwen3.loop_cost(FEW)
    pace = sum(report.tokens for report in made) / sum(report.seconds for report in made)
    assert cost.pace == pytest.approx(pace)
    assert cost.seconds == pytest.approx(cost.tokens / pace)


def test_before_a_first_run_updates_on_step_tell_how_long_it_takes_at_least(qwen3: Engine) -> None:
    assert qwen3.loop_cost(FEW).least_seconds is None
    fastest = min(qwen3.update("def hello():").seconds for _ in range(3))
    cost = qwen3.loop_cost(FEW)
    assert (cost.pace, cost.update_seconds) == (None, fastest)
    assert cost.least_seconds == pytest.approx(7 * fastest)


def test_more_than_anyone_waits_for_is_not_counted_one_by_one(qwen3: Engine) -> None:
    assert qwen3.loop_cost(replace(FEW, epochs=10**6)).steps == 7 * 10**6
    assert qwen3.loop_cost(replace(FEW, epochs=10**6, batch=10**9, shuffle=True)).steps == 1
    assert qwen3.loop_cost(replace(FEW, epochs=10**6, pack=512)).steps > 10**6


def test_what_would_have_to_be_downloaded_is_not_read(qwen3: Engine) -> None:
    with pytest.raises(InputError, match="known once openai/gsm8k:main was read"):
        qwen3.loop_cost(replace(FEW, problems="openai/gsm8k:main"))


def test_reckoning_between_two_steps_leaves_a_loop_as_it_is(qwen3: Engine) -> None:
    settings = replace(FEW, items=4, shuffle=True)
    plain = [report.loss for report in steps(qwen3, settings)]
    qwen3.reload()
    losses = []
    for report in qwen3.train(settings):
        qwen3.loop_cost(replace(FEW, pack=128, item_attention=True, chunked_loss=True))
        if isinstance(report, StepReport):
            losses.append(report.loss)
    assert losses == plain
