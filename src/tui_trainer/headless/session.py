"""The engine as a command uses it: loaded with progress on standard error, libraries kept quiet."""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING

from tui_trainer.engine.progress import Progress
from tui_trainer.engine.settings import ModelChoice
from tui_trainer.headless.bars import LoadBar

if TYPE_CHECKING:
    from tui_trainer.engine.engine import Engine


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
def open_engine(choice: ModelChoice | None = None) -> Iterator["Engine"]:
    """An engine, with a model where one is chosen; imports torch."""
    bar = LoadBar()
    try:
        engine = _make_engine(Progress(bar.tell))
        if choice is not None:
            engine.load_model(choice)
        bar.close()
        yield engine
    finally:
        bar.close()


def _make_engine(progress: Progress) -> "Engine":
    # Here, so that the command line is parsed, and refused, without torch
    from transformers.utils.logging import disable_progress_bar  # noqa: PLC0415

    from tui_trainer.engine.engine import Engine  # noqa: PLC0415

    disable_progress_bar()  # one for every tensor loaded
    return Engine(progress)
