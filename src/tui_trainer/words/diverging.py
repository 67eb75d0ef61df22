"""A loss that diverges: it is told, since all else about such a run looks as if it were well."""

import math

GUESSING = math.log(2**18)
"""Nats: what a guess costs among the largest vocabularies that there are."""
TIMES_GUESSING, TIMES_FIRST = 2.0, 3.0
REMEDY = "it diverges: take a lower learning rate"


def diverges(first: float | None, loss: float | None) -> bool:
    """Whether `loss` is far above that of a model that knows nothing, in a run that began lower."""
    if first is None or loss is None:
        return False
    return loss > max(TIMES_GUESSING * GUESSING, TIMES_FIRST * first)
