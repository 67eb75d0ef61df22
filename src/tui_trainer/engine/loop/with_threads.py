"""A loop with as many threads as are the fastest beside what others do on the machine."""

from collections.abc import Iterator

from tui_trainer.closed import closed
from tui_trainer.engine.loop.training_state import TrainingState
from tui_trainer.engine.threads.share import Threads
from tui_trainer.reports.loop import LoopReport, ThreadsReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.reports.threads import ThreadShare


def with_threads(
    reports: Iterator[LoopReport], threads: Threads, state: TrainingState
) -> Iterator[LoopReport]:
    """What the loop tells, and before a step that another number of threads makes, that number."""
    followed = threads.follow(reports, tokens_of, goes_on=state.step > 0)
    with closed(followed):
        for told in followed:
            yield ThreadsReport(state.step + 1, told) if isinstance(told, ThreadShare) else told


def tokens_of(report: LoopReport) -> int | None:
    """What is measured between two steps has another pace."""
    return report.tokens if isinstance(report, StepReport) else None
