"""What the training cell is set to, as settings; and what makes it another."""

from collections.abc import Iterator
from dataclasses import replace

from tui_trainer.protocol.request import Request
from tui_trainer.protocol.updates import (
    SetDropout,
    SetLr,
    SetOptimizer,
    SetTraining,
    SetUndoBudget,
)
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.settings.cell import CellSettings


def cell_settings(status: LearnerStatus) -> CellSettings:
    """As a form has them: None where nobody asked for another than what is usual."""
    history = status.history
    return CellSettings(
        status.lr,
        status.optimizer,
        status.training,
        None if status.own_dropout else status.dropout,
        None if history.is_usual else history.budget,
    )


def as_asked(status: LearnerStatus, settings: CellSettings) -> LearnerStatus:
    """The status as it will be once each that differs is set."""
    history, dropout, budget = status.history, settings.dropout, settings.undo_memory
    return replace(
        status,
        lr=settings.lr,
        optimizer=settings.optimizer,
        training=settings.training,
        dropout=status.model.dropout if dropout is None else dropout,
        own_dropout=dropout is None,
        history=replace(
            history,
            budget=history.budget if budget is None else budget,
            is_usual=budget is None,
        ),
    )


def changes(before: CellSettings, after: CellSettings) -> Iterator[Request[LearnerStatus]]:
    """A request for each that differs."""
    if after.optimizer != before.optimizer:
        yield SetOptimizer(after.optimizer)
    if after.lr != before.lr:
        yield SetLr(after.lr)
    if after.training != before.training:
        yield SetTraining(after.training)
    if after.dropout != before.dropout:
        yield SetDropout(after.dropout)
    if after.undo_memory != before.undo_memory:
        yield SetUndoBudget(after.undo_memory)
