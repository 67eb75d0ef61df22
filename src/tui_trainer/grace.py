"""What a signal leaves of time: after it the last checkpoint is told, and the process ends.

Nothing is damaged by that: a checkpoint that is being written has not its name yet, and half a line
of metrics is passed over.
"""

import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tui_trainer.errors import InputError
from tui_trainer.reports.runs import StoppedRun
from tui_trainer.runs.checkpoint_names import checkpoint_name
from tui_trainer.runs.home import CHECKPOINTS, run_folders
from tui_trainer.runs.listing import RunOnDisk, open_run
from tui_trainer.runs.presence import is_written_here
from tui_trainer.runs.resume_command import describe_stopped
from tui_trainer.say import say
from tui_trainer.settings.model import ModelChoice
from tui_trainer.signals import BY_A_SCHEDULER, exit_status

MARGIN = 0.05
"""Of the time there is: what the end itself may take."""
STATUSES = tuple(map(exit_status, BY_A_SCHEDULER))
TELLING_SECONDS = 1.0
"""A disk or a terminal that hangs may not keep the process from ending."""


@contextmanager
def ends_in_time(seconds: int | None, choice: ModelChoice) -> Iterator[None]:
    """The process is over `seconds` after a scheduler's signal, even where the block is not.

    Python's own handlers wait for the main thread to come back from torch, which may be the whole
    step; what the system writes to the pipe is there at once, and a thread reads it.
    """
    if seconds is None:
        yield
        return
    there, here = os.pipe()
    os.set_blocking(here, False)
    before = signal.set_wakeup_fd(here, warn_on_full_buffer=False)
    arguments = there, seconds, choice
    watch = threading.Thread(target=_watch, args=arguments, name="grace", daemon=True)
    watch.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(here)
        watch.join()
        os.close(there)


@contextmanager
def ended_in_time(since: float | None, status: int, choice: ModelChoice) -> Iterator[None]:
    """The same around the end of the app, which heard a signal at `since`; the run that it writes
    says what time there is."""
    run = written_here() if since is not None and status in STATUSES else None
    seconds = None if run is None else run.description.settings.grace
    if seconds is None or since is None:
        yield
        return
    left = max(0.0, since + seconds * (1 - MARGIN) - time.monotonic())
    timer = threading.Timer(left, end_now, (seconds, choice, status))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _watch(pipe: int, seconds: int, choice: ModelChoice) -> None:
    """End the process `seconds` after a signal, unless the pipe is closed before."""
    while numbers := os.read(pipe, 64):
        number = next((number for number in numbers if number in BY_A_SCHEDULER), None)
        if number is not None:
            break
    else:
        return
    until = time.monotonic() + seconds * (1 - MARGIN)
    _tell(lambda: _warning(seconds, choice))
    while (left := until - time.monotonic()) > 0:
        if select.select([pipe], [], [], left)[0] and not os.read(pipe, 64):
            return
    end_now(seconds, choice, exit_status(number))


def end_now(seconds: int, choice: ModelChoice, status: int) -> None:
    """End the process with the last checkpoint told: its time is over."""
    _tell(lambda: f"not finished in the {seconds:,} s of grace. {last_checkpoint(choice)}")
    os._exit(status)


def _tell(words: Callable[[], str]) -> None:
    def tell() -> None:
        if sentence := words():
            say(sentence)

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    teller.join(TELLING_SECONDS)


def _warning(seconds: int, choice: ModelChoice) -> str:
    """Where a step takes longer than that, which a list of the run's steps tells."""
    run = written_here()
    if run is None or not run.description.tally.step:
        return ""
    of_a_step = run.description.tally.seconds / run.description.tally.step
    if of_a_step <= seconds:
        return ""
    return (
        f"a step takes {of_a_step:,.0f} s, and {seconds:,} s of grace are given: it may not be "
        f"finished. {last_checkpoint(choice)}"
    )


def written_here() -> RunOnDisk | None:
    """The run that this process writes, as it is on the disk."""
    try:
        for folder in run_folders():
            if is_written_here(folder):
                return open_run(folder)
    except InputError:
        pass  # it cannot be read, and there is no time to say so
    return None


def last_checkpoint(choice: ModelChoice) -> str:
    """Where the run that this process writes can be gone on with, in a sentence."""
    run = written_here()
    if run is None:
        return "No run is being written."
    step, parent = run.description.tally.step, run.description.parent
    saved, folder = max(run.checkpoints, default=0), run.folder
    if not saved and parent is not None:  # it was resumed, and has written none since
        saved = parent.step
        folder = folder.with_name(parent.run) / CHECKPOINTS / checkpoint_name(saved)
    if not saved or not folder.is_dir():
        return f"Run {run.name} stopped at step {step:,}, and has no checkpoint."
    stopped = StoppedRun(
        name=run.name,
        folder=str(folder),
        step=step,
        checkpoint_step=saved,
        is_saved=False,
        device=choice.device,
        remote_code=choice.remote_code,
        threads=choice.threads,
    )
    return describe_stopped(stopped)
