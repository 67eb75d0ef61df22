"""What a long loop keeps on the worker's side: history, extremes, tally, plan, metrics."""

import gc
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.at_length import first_is_quick
from tests.known import each
from tui_trainer.engine.engine import Engine
from tui_trainer.reports.actions import LoopSteps
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.train import TrainSettings


@pytest.mark.parametrize(
    "packing",
    first_is_quick(
        pytest.param(TrainSettings(), id="tutorial"),
        pytest.param(
            TrainSettings(pack=512, pack_order="best-fit", shuffle=True, chunked_loss=True),
            id="packed",
        ),
    ),
)
def test_the_loop_keeps_nothing_of_a_step_once_it_is_reported(
    qwen3: Engine, runs_home: Path, packing: TrainSettings
) -> None:
    """Counted in blocks of Python's memory, of which a number has one; the file has every step."""
    settings = replace(packing, items=2, epochs=200)
    loop = qwen3.train(settings, record=True)
    held: dict[int, int] = {}
    for report in loop:
        assert isinstance(report, StepReport)
        step, steps = report.step, report.steps
        if step in (steps // 2, steps - 1):
            del report
            gc.collect()
            held[step] = sys.getallocatedblocks()
    before, after = held.values()
    # The report of one step has over a hundred; of both halves alike some hundred come and go.
    assert after - before < 5 * (steps // 2), after - before
    (metrics,) = runs_home.glob("*/metrics.jsonl")
    assert len(metrics.read_text().splitlines()) == steps + steps // 10  # and those of the layers
    assert [(done.first, done.last) for done in each(LoopSteps, qwen3.actions())] == [(1, steps)]
