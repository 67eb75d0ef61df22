"""Keeps libraries from drawing on a screen that is not theirs."""

import atexit
import logging
import os
import sys
import threading
from functools import cache, partialmethod

import tqdm
import transformers.utils.logging

LIBRARIES = "transformers", "huggingface_hub", "torch"
STANDARD_ERROR = 2


def silence_libraries() -> None:
    """No progress bar, warning or log record of a library reaches stderr by itself.

    Records go to Python's root logger, so whoever runs the program decides where they end. Bars
    are off unless one is asked for with `disable=False`: transformers' own switch does not reach
    the bar that it draws over a GGUF file.
    """
    logging.captureWarnings(True)
    transformers.utils.logging.disable_progress_bar()
    _change_process()
    # The default lock starts a process that wants a file number of stderr, which Textual hides.
    tqdm.tqdm.set_lock(threading.RLock())
    for name in LIBRARIES:
        logger = logging.getLogger(name)
        logger.propagate = True
        for handler in logger.handlers[:]:
            logger.removeHandler(handler)


@cache
def _change_process() -> None:
    """Once: each time more it would be one call more for every bar, until Python allows no more."""
    tqdm.tqdm.__init__ = partialmethod(tqdm.tqdm.__init__, disable=True)
    atexit.register(_close_standard_error)


def _close_standard_error() -> None:
    """Triton tells of what its own bindings leak, some thirty lines, once Python has ended.

    It does so past Python, after all else that could be said: 3.9 on Python 3.12 and 3.13.
    """
    if "triton" in sys.modules and sys.stderr is not None:
        sys.stderr.flush()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, STANDARD_ERROR)
        os.close(nowhere)
