"""The engine as a command uses it: loaded with progress on standard error, libraries kept quiet."""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

from tui_trainer.headless.bars import LoadBar
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.reports.progress import Progress
from tui_trainer.say import say


@contextmanager
def quiet_libraries(*, debug: bool) -> Iterator[None]:
    """Keep what libraries print and log off standard output, and unless `debug` off standard error.

    One line on standard error is for the user: the error. A model's remote code may print too.
    """
    disabled = logging.root.manager.disable
    with redirect_stdout(sys.stderr), warnings.catch_warnings():
        if not debug:
            warnings.simplefilter("ignore")
            logging.disable(logging.CRITICAL)
        try:
            yield
        finally:
            logging.disable(disabled)


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """For a long load: a bar on standard error while the block runs, where that is a terminal."""
    bar = LoadBar()
    try:
        yield Progress(bar.report)
    finally:
        bar.close()


def tell_notes(status: LearnerStatus) -> None:
    """What loading a model had to say, on standard error."""
    for note in status.model.notes:
        say(note)
