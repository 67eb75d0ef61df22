"""An evaluation is begun: its items are read, and it gets the threads that others leave it."""

from collections.abc import Iterator
from dataclasses import replace

from tui_trainer.closed import closed
from tui_trainer.engine.generation.evaluate import evaluate, load_held_out
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.threads.share import Threads
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.reports.progress import Progress
from tui_trainer.reports.runs import RunStep
from tui_trainer.reports.threads import ThreadShare
from tui_trainer.settings.evaluation import EvaluationSettings


def begin_evaluation(
    learner: Learner,
    settings: EvaluationSettings,
    threads: Threads,
    progress: Progress,
    left_by: RunStep | None,
) -> Iterator[EvaluationReport]:
    """Load the problems now; the answers come from the generator returned.

    `left_by` is the step of a run on disk that left the weights, where one is known.
    """
    threads.watch()
    tested, shots = load_held_out(settings, progress)
    return with_threads(evaluate(learner, tested, shots, settings, left_by), threads)


def with_threads(
    reports: Iterator[EvaluationReport], threads: Threads
) -> Iterator[EvaluationReport]:
    """The reports, each with how many threads computed it.

    Answers of a batch end one by one, so that its pace says nothing of the threads: what others
    leave decides alone.
    """
    share = threads.full
    with closed(threads.follow(reports, lambda _: None)) as followed:
        for told in followed:
            if isinstance(told, ThreadShare):
                share = told
            else:
                yield replace(told, threads=share)
