"""What a loop would cost, as long as the line has room for it."""

import pytest

from tui_trainer.reports.loop import LoopCost, MemoryEstimate
from tui_trainer.settings.train import TrainSettings
from tui_trainer.words.costs import loop_costs

MEMORY = MemoryEstimate(283_000_000, 78_000_000_000)


@pytest.mark.parametrize("run", ["", "2026-11-30-builtin-3"])
def test_whose_pace_it_is_goes_before_the_memory_does(run: str) -> None:
    """At 80 columns the name of a run had the room of the memory."""
    lines = loop_costs(LoopCost(MEMORY, 500, 100_000, 1852.0, run), TrainSettings())
    told = next(line for line in lines if len(line) <= 78)
    assert told.startswith("memory 0.28 of 78 GB · 500 steps · about 0:54 · saved")
