"""Keeps each evaluation on disk, and has those of earlier sessions, away from the UI's thread."""

from concurrent.futures import Future, wait
from functools import partial
from pathlib import Path

from tui_trainer.errors import InputError
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.runs.evaluations import keep_evaluation, kept_evaluations
from tui_trainer.session.disk import begin_in_thread


class KeptEvaluations:
    """Those of earlier sessions are read before the first of this one is written."""

    def __init__(self) -> None:
        self._earlier: Future[list[EvaluationReport]] | None = None
        self._written: list[Future[Path]] = []

    def earlier(self) -> "Future[list[EvaluationReport]]":
        """Those of before, oldest first; read when they are first asked for."""
        if self._earlier is None:
            self._earlier = begin_in_thread(kept_evaluations)
        return self._earlier

    def keep(self, report: EvaluationReport) -> "Future[Path]":
        """Write one that ended; InputError in what is given back where that fails."""
        written = begin_in_thread(partial(_keep_after, self.earlier(), report))
        self._written.append(written)
        return written

    def wait(self, seconds: float) -> str:
        """Until all are written, or for so long; why the last one could not be, in a sentence."""
        wait(self._written, seconds)
        last = self._written[-1] if self._written else None
        failure = last.exception() if last is not None and last.done() else None
        return str(failure) if isinstance(failure, InputError) else ""


def _keep_after(before: Future[list[EvaluationReport]], report: EvaluationReport) -> Path:
    wait([before])
    return keep_evaluation(report)
