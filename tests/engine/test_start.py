"""Making an engine: what is told meanwhile, and what it leaves."""

import gc
import os

from tui_trainer.engine.start import keep_memory_whole, make_engine
from tui_trainer.reports.models import LoadProgress
from tui_trainer.reports.progress import Progress


def test_it_tells_what_takes_so_long_and_the_collector_works_again() -> None:
    told: list[LoadProgress] = []
    engine = make_engine(Progress(told.append))
    assert told == [LoadProgress("importing torch")]
    assert engine.devices()[-1].name == "cpu"
    assert gc.isenabled()


def test_torch_keeps_a_gpus_memory_whole_unless_the_user_says_otherwise() -> None:
    nothing: dict[str, str] = {}
    keep_memory_whole(nothing)
    assert nothing == {"PYTORCH_ALLOC_CONF": "expandable_segments:True"}
    for name in "PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF":
        of_the_user = {name: "max_split_size_mb:512"}
        keep_memory_whole(of_the_user)
        assert of_the_user == {name: "max_split_size_mb:512"}
    make_engine(Progress(lambda _: None))
    assert any(name in os.environ for name in ("PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF"))
