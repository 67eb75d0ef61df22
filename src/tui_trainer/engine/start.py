"""An engine, and torch with it. This module imports neither until it is asked to."""

import os
from collections.abc import MutableMapping
from typing import TYPE_CHECKING

from tui_trainer.engine.models.garbage import uncollected
from tui_trainer.reports.models import LoadProgress
from tui_trainer.reports.progress import Progress

if TYPE_CHECKING:
    from tui_trainer.engine.engine import Engine


ALLOCATOR = "PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF"
"""Where torch reads what its allocator is to do: by this name, and by the one of before."""


def keep_memory_whole(environment: MutableMapping[str, str]) -> None:
    """Have torch's allocator on a GPU lengthen its pieces, unless the user says otherwise.

    Rows of many lengths leave gaps between pieces of fixed sizes, where nothing fits. torch reads
    it at its first allocation, and so do the processes that are started here.
    """
    if not any(name in environment for name in ALLOCATOR):
        environment[ALLOCATOR[0]] = "expandable_segments:True"


def make_engine(progress: Progress) -> "Engine":
    """An engine without a model; the first one of a process imports torch, which takes seconds."""
    progress.report(LoadProgress("importing torch"))
    keep_memory_whole(os.environ)
    with uncollected():
        from tui_trainer.engine.engine import Engine  # noqa: PLC0415

        return Engine(progress)
