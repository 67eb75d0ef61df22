"""The app as a process: run until it ends, its worker ended, its last words on the terminal."""

import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from tui_trainer.app import TuiTrainer
from tui_trainer.ending import end_worker
from tui_trainer.failures import describe_failure
from tui_trainer.logs import log_path, log_to_file
from tui_trainer.reports.progress import Progress
from tui_trainer.say import say
from tui_trainer.session.start import Start
from tui_trainer.settings.model import ModelChoice
from tui_trainer.signals import ENDING, exit_status, heard_after
from tui_trainer.terminal.output import owned_terminal

if TYPE_CHECKING:
    from tui_trainer.protocol.answers import Answers

KEPT_PATIENCE = 2.0
"""Seconds that the last evaluation, choice, or tick of the guide may take to be on disk."""


def run_app(
    choice: ModelChoice,
    make_engine: "Callable[[Progress], Answers]",
    start: Start | None = None,
) -> int:
    """Run the app until it ends; the exit status of the process.

    Where it was not the user who ended it, updates that no file has are saved.
    """
    log = log_to_file()
    app = TuiTrainer(choice, make_engine, start=start, greets=True)
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
    """End the worker: whether it ended, and the exit status so far."""
    status, has_model = app.return_code or 0, app.session.status is not None
    if app.ended_by is not None:
        failure = describe_failure(app.ended_by)
        say(f"the app failed, and could not go on: {failure.sentence} ({log_path()} has it whole)")
    try:
        saves, saved = status != 0 and has_model, app.session.saving.at_the_end
        from tui_trainer.session.last_words import last_words  # noqa: PLC0415 - not before a frame

        otherwise = last_words(app.session)
        return end_worker(app.worker, saves=saves, saved=saved, otherwise=otherwise), status
    except KeyboardInterrupt:
        return False, exit_status(signal.SIGINT)
