"""Which items each step trains on: known before the first step, from the settings alone."""

from collections.abc import Sequence
from itertools import chain
from random import Random
from typing import TypeVar

from tui_trainer.engine.examples import Example
from tui_trainer.engine.packing import Row, fill_rows, fit_rows
from tui_trainer.engine.settings import BEST_FIT, TrainSettings

Step = tuple[tuple[Row, ...], ...]
"""The rows of each forward pass of a step."""
Part = TypeVar("Part")


def plan_steps(examples: Sequence[Example], settings: TrainSettings) -> list[Step]:
    """All steps of a loop: how many were made says which items come next.

    The epochs follow one another without a seam; only the last step may have fewer rows. Where
    rows take the items that fit best, no row has items of two epochs.
    """
    epochs = [
        [examples[index] for index in epoch_order(len(examples), settings, epoch)]
        for epoch in range(settings.epochs)
    ]
    rows: list[Row] = [(example,) for items in epochs for example in items]
    if settings.pack and settings.pack_order == BEST_FIT:
        rows = [
            row
            for epoch, items in enumerate(epochs)
            for row in best_fit_rows(items, settings, epoch)
        ]
    elif settings.pack:
        rows = fill_rows(chain.from_iterable(epochs), settings.pack)
    return in_groups(in_groups(rows, settings.batch), settings.accumulation)


def best_fit_rows(items: Sequence[Example], settings: TrainSettings, epoch: int) -> list[Row]:
    """The rows of an epoch in an order that says nothing of their items' lengths.

    A pure function of (seed, epoch), as the order of the items is.
    """
    rows = fit_rows(items, settings.pack)
    Random(f"rows {settings.seed} {epoch}").shuffle(rows)
    return rows


def epoch_order(count: int, settings: TrainSettings, epoch: int) -> list[int]:
    """The order of `count` items in an epoch: a pure function of (seed, epoch)."""
    order = list(range(count))
    if settings.shuffle:
        # A generator of its own, which dropout and other screens draw nothing from.
        Random(f"order {settings.seed} {epoch}").shuffle(order)
    return order


def in_groups(parts: Sequence[Part], size: int) -> list[tuple[Part, ...]]:
    """Groups of `size` neighbours; the last may have fewer."""
    return [tuple(parts[start : start + size]) for start in range(0, len(parts), size)]
