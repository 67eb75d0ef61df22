"""A loss or a gradient that is not finite: the step is not made of it, and what did it is told."""

import math
from collections.abc import Sequence

from tui_trainer.engine.loop.item_losses import ItemLosses, counted_loss, highest_first
from tui_trainer.reports.alerts import NOT_FINITE, Alert
from tui_trainer.reports.loop import HaltReport

NAMED = 4
"""Items; a packed row may have dozens."""


def halt_at(step: int, loss: float, items: Sequence[ItemLosses]) -> HaltReport:
    """The loop stands at a step whose update is left out."""
    alert = alert_of(step, loss, items)
    return HaltReport(step, alert.says, alerts=(alert,))


def alert_of(step: int, loss: float, items: Sequence[ItemLosses]) -> Alert:
    """That the update of `step` was left out, and why."""
    numbers = tuple(example.problem for example, _ in highest_first(items))
    return Alert(NOT_FINITE, step, why_not_applied(step, loss, items), loss, items=numbers)


def no_answers(step: int) -> HaltReport:
    """The loop stands where its samples were to be answered."""
    why = why_no_answers(step)
    return HaltReport(step, why, alerts=(Alert(NOT_FINITE, step, why),))


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
