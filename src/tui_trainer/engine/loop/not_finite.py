"""A loss or a gradient that is not finite: the step is not made of it, and what did it is told."""

import math
from collections.abc import Sequence

from tui_trainer.engine.loop.item_losses import ItemLosses, counted_loss

NAMED = 4
"""Items; a packed row may have dozens."""


def why_not_applied(step: int, loss: float, items: Sequence[ItemLosses]) -> str:
    """Why the update of `step` was left out, from which items, and what can be done."""
    if math.isfinite(loss):
        what, from_which = "a gradient is not finite", items
    else:
        what = f"the loss is {loss}"
        from_which = [item for item in items if not math.isfinite(counted_loss(item))] or items
    return (
        f"Step {step:,} is not applied: {what}, at {name_items(from_which)}. The weights are as "
        "before it. Going on (by command --skip-not-finite) leaves it out; if others follow, go "
        "back to a checkpoint, with a lower learning rate."
    )


def why_no_answers(step: int) -> str:
    """Why no samples were answered after `step`, and what can be done."""
    return (
        f"After step {step:,} the logits are not numbers, so no sample was answered: the weights "
        "have diverged. Go back to a checkpoint, with a lower learning rate; going on (by command "
        "--skip-not-finite) leaves the samples out."
    )


def name_items(items: Sequence[ItemLosses]) -> str:
    """Their numbers in the data set."""
    numbers = [f"{example.problem:,}" for example, _ in items]
    if len(numbers) > NAMED:
        return f"items {', '.join(numbers[:NAMED])} and {len(numbers) - NAMED:,} more"
    return f"item{'s' * (len(numbers) > 1)} {', '.join(numbers)}"
