"""Deleting an evaluation: the question before it, and what could not be deleted."""

from tui_trainer.errors import InputError
from tui_trainer.failures import Failure
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.screens.evaluation.words import describe_deletion, name_among
from tui_trainer.session.questions import Choice, Question
from tui_trainer.session.session import Session


async def delete_asked(session: Session, report: EvaluationReport) -> None:
    """Delete one that ended where the user says so; why not, where it cannot be, they are told."""
    called = name_among(session.evaluations, report)
    choices = Choice("n", "keep"), Choice("y", "delete")
    if await session.put(Question(describe_deletion(called, report), choices)) != "y":
        return
    try:
        await session.evaluations.delete(report)
    except InputError as error:
        session.report_failure(Failure(str(error)))
