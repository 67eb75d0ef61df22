"""An engine, and torch with it. This module imports neither until it is asked to."""

from typing import TYPE_CHECKING

from tui_trainer.engine.models.garbage import uncollected
from tui_trainer.reports.models import LoadProgress
from tui_trainer.reports.progress import Progress

if TYPE_CHECKING:
    from tui_trainer.engine.engine import Engine


def make_engine(progress: Progress) -> "Engine":
    """An engine without a model; the first one of a process imports torch, which takes seconds."""
    progress.report(LoadProgress("importing torch"))
    with uncollected():
        from tui_trainer.engine.engine import Engine  # noqa: PLC0415

        return Engine(progress)
