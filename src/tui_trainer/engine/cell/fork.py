"""One update from the same state at several learning rates, and then one of them or none."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor

from tui_trainer.engine.cell.keeping import Keeping, check_room_for_fork
from tui_trainer.engine.cell.update import labelled_ids, reversible_update, update
from tui_trainer.engine.learner import Learner
from tui_trainer.errors import InputError
from tui_trainer.reports.updates import UpdateReport
from tui_trainer.settings.train import HIGHEST_LR

FACTOR = 3.0

Gradients = list[Tensor | None]


def fork(learner: Learner, text: str) -> tuple[UpdateReport, ...]:
    """What one update on `text` would do at a third of the learning rate, at it, at three times it.

    Each is made and taken back again, so that afterwards weights, optimizer, random numbers,
    count and gradients are bit for bit those before. One after another, since keeping the three
    results until one is picked would take three times the memory of an undo: whoever picks one
    makes it again with `update_at`.
    """
    lr = learner.setup.lr
    rates = lr / FACTOR, lr, lr * FACTOR
    if rates[-1] > HIGHEST_LR:
        raise InputError(
            f"A fork also tries {FACTOR:g} times the learning rate, and {FACTOR:g} times "
            f"{lr:g} is above {HIGHEST_LR:g}: lower it to {HIGHEST_LR / FACTOR:.2f} first."
        )
    keeping = check_room_for_fork(learner, labelled_ids(learner, text).shape[1])
    with _kept_settings(learner) as gradients:
        return tuple(_try(learner, text, rate, keeping, gradients) for rate in rates)


def update_at(learner: Learner, text: str, lr: float) -> UpdateReport:
    """An update at another learning rate, which stays; where the update fails, so does the old."""
    before = learner.setup.lr
    learner.setup.set_lr(lr)
    try:
        return update(learner, text)
    except BaseException:
        learner.setup.set_lr(before)
        raise


def _try(
    learner: Learner, text: str, lr: float, keeping: Keeping, gradients: Gradients
) -> UpdateReport:
    # Where phases left gradients, an update adds to them in place.
    learner.weights.gradients = [g if g is None else g.clone() for g in gradients]
    learner.setup.set_lr(lr)
    report, change = reversible_update(learner, text, keeping)
    learner.history.reject(change)
    return report


@contextmanager
def _kept_settings(learner: Learner) -> Iterator[Gradients]:
    """Afterwards the learning rate and the gradients, which the block is given, are as before."""
    lr, gradients = learner.setup.lr, learner.weights.gradients
    try:
        yield gradients
    finally:
        learner.setup.set_lr(lr)
        learner.weights.gradients = gradients
