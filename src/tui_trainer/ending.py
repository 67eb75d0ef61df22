"""How work ends: the step is finished, what no file has is saved, and how to go on is told."""

from concurrent.futures import CancelledError
from dataclasses import replace

from tui_trainer.failures import Failure
from tui_trainer.protocol.any_worker import AnyWorker
from tui_trainer.protocol.keeping import EndWork
from tui_trainer.reports.runs import End, Kept
from tui_trainer.runs.resume_command import describe_stopped, load_command
from tui_trainer.say import say
from tui_trainer.words.numbers import are, counted

PATIENCE = 1.0
"""Seconds in which most steps end; one that takes longer is told."""


def end_worker(
    worker: AnyWorker,
    *,
    saves: bool,
    saved: Kept = Kept(),  # noqa: B008
    otherwise: str = "",
) -> bool:
    """End the thread in order, and say so on the terminal where that takes its time.

    `saves` as in EndWork; then what came of it is told, or what was `saved` just before, or
    `otherwise` where nothing was. Returns False where the thread did not end, which then has
    nothing in hand that could be lost. Raises KeyboardInterrupt where ctrl+c ends the wait.
    """
    end = worker.end(EndWork(saves))
    ended = worker.stop(PATIENCE)
    if not ended and (saves or worker.has_loops):
        say("finishing the step; ctrl+c ends at once")
        while not ended:
            ended = worker.stop(PATIENCE)
    if ended:
        try:
            ended_with = end.result()
            is_told = ended_with.failure or ended_with.kept != Kept()
            told = ended_with if is_told else replace(ended_with, kept=saved)
            if told != End():
                tell_end(told)
            elif otherwise:
                say(otherwise)
        except CancelledError:  # there is no engine, and so nothing to save
            pass
        except Failure as failure:
            tell_end(End(failure=failure.sentence))
    return ended


def tell_end(end: End) -> None:
    """Tell on the terminal where the weights are, and how their run is gone on with."""
    checkpoint, model = end.kept.checkpoint, end.kept.model
    if end.failure:
        say(f"nothing could be saved: {end.failure}")
    elif model is not None:
        made = f"{counted(model.updates, 'update')} {are(model.updates)} saved"
        say(f"{made} as the model {model.name}; go on with: {load_command(model.folder)}")
    elif checkpoint is not None and end.run is None:
        say(f"step {checkpoint.step:,} of {checkpoint.run} is saved")
    if end.run is not None:
        say(describe_stopped(end.run))
