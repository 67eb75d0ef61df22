"""The newest checkpoint from before a step, to go back to."""

from tui_trainer.errors import InputError
from tui_trainer.runs.home import runs_home
from tui_trainer.runs.listing import RunOnDisk, open_run


def checkpoint_before(name: str, step: int) -> tuple[RunOnDisk, int] | None:
    """Of the run of that name, or else the one that it was resumed from; None without any.

    A checkpoint of the step before is one: a step's loss is that of the weights before its update.
    """
    run = _opened(name)
    if run is None:
        return None
    if before := [one for one in run.checkpoints if one < step]:
        return run, before[-1]
    parent = run.description.parent
    origin = None if parent is None else _opened(parent.run)
    if parent is None or origin is None or parent.step not in origin.checkpoints:
        return None
    return origin, parent.step


def _opened(name: str) -> RunOnDisk | None:
    """None where it was deleted since, or is damaged."""
    try:
        return open_run(runs_home() / name)
    except InputError:
        return None
