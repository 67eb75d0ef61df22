"""Python's garbage collector while a loop runs."""

import gc
from itertools import islice

from tui_trainer.engine.engine import Engine
from tui_trainer.engine.settings import TrainSettings


def test_the_collector_passes_over_what_was_there_before_a_loop_until_it_ends(
    qwen3: Engine,
) -> None:
    frozen = gc.get_freeze_count()
    reports = qwen3.train(TrainSettings(items=3))
    list(islice(reports, 1))
    assert gc.get_freeze_count() > frozen + 10_000
    reports.close()
    assert gc.get_freeze_count() == 0
    list(qwen3.train(TrainSettings(items=3)))
    assert gc.get_freeze_count() == 0
    assert gc.isenabled()
