"""What becomes of the loops whose reports the session holds: evaluations and benches."""

import asyncio
from typing import TYPE_CHECKING

from tui_trainer.errors import InputError
from tui_trainer.failures import Failure
from tui_trainer.protocol.loop_names import BENCH, EVALUATION

if TYPE_CHECKING:
    from tui_trainer.reports.evaluation import EvaluationReport
    from tui_trainer.session.session import Session


def end_bench(session: "Session") -> None:
    """However it ended."""
    session.benches.add(session.drain(BENCH))
    session.benches.end()


def end_evaluation(session: "Session") -> None:
    """Keep what was scored, wherever the user is; what another view began, that one keeps."""
    session.evaluations.add(session.drain(EVALUATION))
    report = session.evaluations.end()
    if report is None:
        return
    if pairing := session.evaluations.pairing(report):
        session.guide.saw_comparison(pairing)
    if EVALUATION not in session.others.begun:
        session.app.run_worker(_keep_evaluation(session, report))


async def _keep_evaluation(session: "Session", report: "EvaluationReport") -> None:
    try:
        await asyncio.wrap_future(session.evaluations.kept.keep(report))
    except InputError as error:
        session.report_failure(Failure(str(error)))
