"""How the app's worker ends: its step is finished, what no file has is saved, its loops closed."""

import signal
from concurrent.futures import CancelledError, Future

from tui_trainer.engine.run_reports import CheckpointReport, SavedReport
from tui_trainer.failures import Failure
from tui_trainer.say import say
from tui_trainer.worker import Worker

PATIENCE = 1.0
"""Seconds in which most steps end; one that takes longer is told."""


def end_worker(worker: Worker, *, saves: bool) -> bool:
    """End the thread in order, and say so on the terminal where that takes its time.

    With `saves` updates that no file has are saved first, and where is told. Returns False where
    the thread did not end, which then has nothing in hand that could be lost. Raises
    KeyboardInterrupt where ctrl+c ends the wait.
    """
    saved = worker.end(lambda engine: engine.save()) if saves else None
    ended = worker.stop(PATIENCE)
    if not ended and (saves or worker.has_loops):
        # The one that closed the terminal may be followed by another.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        say("finishing the step; ctrl+c ends at once")
        while not ended:
            ended = worker.stop(PATIENCE)
    if saved is not None and ended:
        _tell(saved)
    return ended


def _tell(saved: "Future[CheckpointReport | SavedReport | None]") -> None:
    try:
        report = saved.result()
    except CancelledError:
        return
    except Failure as failure:
        say(f"nothing could be saved: {failure.sentence}")
        return
    if isinstance(report, CheckpointReport):
        say(f"step {report.step:,} of {report.run} is saved")
    elif report is not None:
        say(f"{report.updates:,} updates are saved as {report.name}")
