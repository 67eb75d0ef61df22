"""What a forward pass says about each of its items, and the best and the worst so far."""

import math
from collections.abc import Sequence

from torch import Tensor

from tui_trainer.engine.data.batching import MicroBatch
from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.models.tokens import Vocabulary
from tui_trainer.reports.steps import ItemReport

ItemLosses = tuple[Example, list[float]]
"""An item and the loss of each of its tokens from the second on."""


def losses_by_item(batch: MicroBatch, losses: Tensor) -> list[ItemLosses]:
    """Take `losses` [row, position] apart; waits for the device that they are on."""
    rows = losses.tolist()
    return [
        (place.example, rows[place.row][place.start : place.start + len(place.example.ids) - 1])
        for place in batch.places
    ]


def counted_loss(item: ItemLosses) -> float:
    """The mean over the tokens of an item that the step's loss counts."""
    example, losses = item
    return sum(losses[example.first_counted - 1 :]) / example.counted


def highest_first(items: Sequence[ItemLosses]) -> list[ItemLosses]:
    """By the loss that counts; what is not finite is before all others."""
    return sorted(items, key=lambda item: (math.isfinite(counted_loss(item)), -counted_loss(item)))


def report_item(item: ItemLosses, vocabulary: Vocabulary) -> ItemReport:
    example, losses = item
    return ItemReport(
        problem=example.problem,
        text=example.text,
        token_texts=tuple(map(vocabulary.text_of, example.ids)),
        token_losses=(None, *losses),
        answer_start=example.answer_start,
        loss=counted_loss(item),
        truncated=example.truncated,
    )


class BestAndWorst:
    """The items with the lowest and the highest loss so far; a loss that is not finite is none."""

    def __init__(self, best: ItemReport | None = None, worst: ItemReport | None = None) -> None:
        self.best = best
        self.worst = worst

    def update(
        self, items: list[ItemLosses], vocabulary: Vocabulary
    ) -> tuple[ItemReport | None, ItemReport | None]:
        """Take in the items of a step; the best and the worst of all up to now, None without one.

        NaN is less than nothing, so that neither `min` nor `<` could be believed with one in it.
        """
        finite = [item for item in items if math.isfinite(counted_loss(item))]
        if finite:
            best, worst = min(finite, key=counted_loss), max(finite, key=counted_loss)
            if self.best is None or not counted_loss(best) >= self.best.loss:
                self.best = report_item(best, vocabulary)
            if self.worst is None or not counted_loss(worst) <= self.worst.loss:
                self.worst = report_item(worst, vocabulary)
        return self.best, self.worst
