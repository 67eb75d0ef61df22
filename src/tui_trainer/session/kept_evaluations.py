"""Keeps each evaluation on disk, and has those of earlier sessions, away from the UI's thread."""

from concurrent.futures import Future, wait
from functools import partial
from pathlib import Path

from tui_trainer.errors import InputError
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.runs.evaluations import (
    EarlierEvaluations,
    delete_evaluation,
    earlier_evaluations,
    keep_evaluation,
)
from tui_trainer.session.disk import begin_in_thread


class KeptEvaluations:
    """Those of earlier sessions are read before the first of this one is written."""

    def __init__(self) -> None:
        self._earlier: Future[EarlierEvaluations] | None = None
        self._written: list[tuple[EvaluationReport, Future[Path]]] = []

    def earlier(self) -> "Future[EarlierEvaluations]":
        """Those of before; read when they are first asked for."""
        if self._earlier is None:
            self._earlier = begin_in_thread(earlier_evaluations)
        return self._earlier

    def keep(self, report: EvaluationReport) -> "Future[Path]":
        """Write one that ended; InputError in what is given back where that fails."""
        written = begin_in_thread(partial(_keep_after, self.earlier(), report))
        self._written.append((report, written))
        return written

    def delete(self, report: EvaluationReport) -> "Future[int]":
        """Delete its file, once it is there; InputError in what is given back where that fails."""
        written = next((file for one, file in self._written if one is report), None)
        return begin_in_thread(partial(_delete, self.earlier(), written, report))

    def wait(self, seconds: float) -> str:
        """Until all are written, or for so long; why the last one could not be, in a sentence."""
        files = [file for _, file in self._written]
        wait(files, seconds)
        failure = files[-1].exception() if files and files[-1].done() else None
        return str(failure) if isinstance(failure, InputError) else ""


def _keep_after(before: Future[EarlierEvaluations], report: EvaluationReport) -> Path:
    wait([before])
    return keep_evaluation(report)


def _delete(
    before: Future[EarlierEvaluations], written: Future[Path] | None, report: EvaluationReport
) -> int:
    """How many bytes; none of one that could not be kept."""
    if written is not None:
        return 0 if written.exception() else delete_evaluation(written.result())
    path = next(kept.path for kept in before.result().listed if kept.report is report)
    return delete_evaluation(path)
