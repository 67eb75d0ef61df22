"""Python's garbage collector beside a loop."""

import gc
import weakref
from itertools import islice

from tests.known import end
from tui_trainer.engine.engine import Engine
from tui_trainer.reports.progress import UNHEARD
from tui_trainer.settings.train import TrainSettings


def test_the_collector_looks_at_little_of_what_there_is_before_a_loop_and_after(
    qwen3: Engine,
) -> None:
    frozen = gc.get_freeze_count()
    assert frozen > 100_000
    reports = qwen3.train(TrainSettings(items=3))
    list(islice(reports, 1))
    assert len(gc.get_objects()) < frozen
    # Some that are frozen are freed as ever, when nothing refers to them any more.
    assert 0.999 * frozen < gc.get_freeze_count() <= frozen
    end(reports)
    assert 0.999 * frozen < gc.get_freeze_count() <= frozen
    assert gc.isenabled()


def test_what_a_second_engine_leaves_behind_is_collected() -> None:
    """The collector passes over what was imported, not over the weights that were held since."""
    engine = Engine(UNHEARD)
    left = weakref.ref(engine)
    cycle: list[object] = [engine]
    cycle.append(cycle)
    del engine, cycle
    gc.collect()
    assert left() is None
