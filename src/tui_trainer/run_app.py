"""The app as a process: run until it ends, its worker ended, its last words on the terminal."""

import logging
import os
import signal
import sys
from typing import TYPE_CHECKING

from tui_trainer.app import TuiTrainer
from tui_trainer.ending import end_worker
from tui_trainer.failures import describe_failure
from tui_trainer.logs import log_path, log_to_file
from tui_trainer.remote_worker import RemoteWorker
from tui_trainer.runs.resume_command import program
from tui_trainer.say import say
from tui_trainer.session.start import Start
from tui_trainer.settings.model import ModelChoice
from tui_trainer.signals import ENDING, exit_status, heard_after
from tui_trainer.terminal.output import owned_terminal

if TYPE_CHECKING:
    from tui_trainer.protocol.any_worker import MakeWorker

LEFT = "session {name} goes on; come back to it with: {program} attach {name}"
KEPT_PATIENCE = 2.0
"""Seconds that the last evaluation, choice, or tick of the guide may take to be on disk."""


def run_app(
    choice: ModelChoice,
    make_worker: "MakeWorker",
    start: Start | None = None,
    *,
    attaches: bool = False,
) -> int:
    """Run the app until it ends; the exit status of the process.

    An engine in a process of its own is left to go on where the user detaches, the terminal goes,
    the app fails, or others look at it too. Else it ends, and where it was not the user who ended
    the app, updates that no file has are saved.
    """
    log = log_to_file()
    app = TuiTrainer(choice, make_worker, start=start, greets=not attaches, attaches=attaches)
    with owned_terminal(log):
        app.run()
    from tui_trainer.grace import ended_in_time  # noqa: PLC0415 - not before a frame

    grace = ended_in_time(app.patience.heard_at, app.return_code or 0, choice)
    with heard_after(app.patience, *ENDING) as late, grace:
        ended, status = _end(app)
        if failure := app.session.wait_for_disk(KEPT_PATIENCE):
            say(failure)
    if late:
        status = exit_status(late[0])
    logging.shutdown()
    if not ended or app.session.device_lost:
        # A thread inside torch aborts the process when the interpreter ends beneath it, and so does
        # what torch does at its end with a device that is lost.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


def _end(app: TuiTrainer) -> tuple[bool, int]:
    """End the worker, or leave it: whether it ended, and the exit status so far."""
    status, has_model = app.return_code or 0, app.session.status is not None
    if app.ended_by is not None:
        failure = describe_failure(app.ended_by)
        say(f"the app failed, and could not go on: {failure.sentence} ({log_path()} has it whole)")
    worker = app.worker
    if isinstance(worker, RemoteWorker) and _leaves(app, worker, status):
        worker.leave()
        say(LEFT.format(name=worker.name, program=program()))
        return True, status
    try:
        saves, saved = status != 0 and has_model, app.session.saving.at_the_end
        from tui_trainer.session.last_words import last_words  # noqa: PLC0415 - not before a frame

        otherwise = last_words(app.session)
        return end_worker(worker, saves=saves, saved=saved, otherwise=otherwise), status
    except KeyboardInterrupt:
        return False, exit_status(signal.SIGINT)


def _leaves(app: TuiTrainer, worker: RemoteWorker, status: int) -> bool:
    """Whether the engine goes on without this view."""
    if app.session.device_lost is not None or not worker.name:
        return False
    of_itself = app.session.saving.detaches or app.ended_by is not None or worker.views > 1
    return of_itself or status == exit_status(signal.SIGHUP)
