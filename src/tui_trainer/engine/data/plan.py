"""Which items each step trains on: known before the first step, from the settings alone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from random import Random
from typing import TypeVar

from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.data.packing import Row, fill_rows, fit_rows
from tui_trainer.settings.train import BEST_FIT, TrainSettings

Step = tuple[tuple[Row, ...], ...]
"""The rows of each forward pass of a step."""
Part = TypeVar("Part")


def plan_steps(examples: Sequence[Example], settings: TrainSettings) -> "StepPlan":
    """All steps of a loop: how many were made says which items come next.

    The epochs follow one another without a seam; only the last step may have fewer rows. Where
    rows take the items that fit best, no row has items of two epochs.
    """
    return StepPlan(examples, settings)


@dataclass(frozen=True)
class StepPlan:
    """The steps of a loop, each made when it is asked for, so that memory holds one epoch.

    As a list, a million steps would be 150 MB, and 4 to 11 seconds before the first.
    """

    examples: Sequence[Example]
    settings: TrainSettings

    def __len__(self) -> int:
        return self._steps

    def __iter__(self) -> Iterator[Step]:
        return self.after(0)

    def after(self, made: int) -> Iterator[Step]:
        """The steps that come after so many."""
        batch, accumulation = self.settings.batch, self.settings.accumulation
        rows = self._rows_after(made * batch * accumulation)
        return in_groups(in_groups(rows, batch), accumulation)

    @cached_property
    def _steps(self) -> int:
        rows_a_step = self.settings.batch * self.settings.accumulation
        return -(-self._rows // rows_a_step)

    @cached_property
    def _rows(self) -> int:
        if self._rows_an_epoch is None:
            return sum(1 for _ in self._rows_after(0))
        return self.settings.epochs * self._rows_an_epoch

    @cached_property
    def _rows_an_epoch(self) -> int | None:
        """None where a row may have items of two epochs."""
        if not self.settings.pack:
            return len(self.examples)
        if self.settings.pack_order == BEST_FIT:
            # Of the lengths alone, longest first: in another order of the items it is the same.
            return len(fit_rows(self.examples, self.settings.pack))
        return None

    def _rows_after(self, made: int) -> Iterator[Row]:
        if self._rows_an_epoch is None:
            items = chain.from_iterable(map(self._items_of, range(self.settings.epochs)))
            return islice(fill_rows(items, self.settings.pack), made, None)
        first, passed = divmod(made, self._rows_an_epoch)
        epochs = range(first, self.settings.epochs)
        return islice(chain.from_iterable(map(self._rows_of, epochs)), passed, None)

    def _rows_of(self, epoch: int) -> list[Row]:
        """The rows of an epoch that shares none with the next."""
        items = self._items_of(epoch)
        if self.settings.pack:
            return best_fit_rows(items, self.settings, epoch)
        return [(example,) for example in items]

    def _items_of(self, epoch: int) -> list[Example]:
        order = epoch_order(len(self.examples), self.settings, epoch)
        return [self.examples[index] for index in order]


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


def in_groups(parts: Iterable[Part], size: int) -> Iterator[tuple[Part, ...]]:
    """Groups of `size` neighbours; the last may have fewer."""
    parts = iter(parts)
    while group := tuple(islice(parts, size)):
        yield group
