"""Making an engine: what is told meanwhile, and what it leaves."""

import gc

from tui_trainer.engine.start import make_engine
from tui_trainer.reports.models import LoadProgress
from tui_trainer.reports.progress import Progress


def test_it_tells_what_takes_so_long_and_the_collector_works_again() -> None:
    told: list[LoadProgress] = []
    engine = make_engine(Progress(told.append))
    assert told == [LoadProgress("importing torch")]
    assert engine.devices()[-1].name == "cpu"
    assert gc.isenabled()
