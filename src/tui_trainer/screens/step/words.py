"""What Step says of an update and of a prediction, in words and signs."""

from textual.content import Content

from tui_trainer.reports.actions import HistoryReport
from tui_trainer.reports.predictions import Prediction
from tui_trainer.reports.updates import UpdateReport
from tui_trainer.words.numbers import byte_count, nats, percent
from tui_trainer.words.signs import CONTEXT, change

SHARE_DECIMALS = 2
"""Of the percentage of weights that moved, wherever it is told."""


def describe_loss(report: UpdateReport) -> Content:
    """Before the update and after it."""
    return describe_losses(report.loss, report.after.loss)


def describe_losses(before: float, after: float | None) -> Content:
    """1.0093 → 0.8419 ↓ 0.1674: which way that is, too."""
    after = before if after is None else after
    sign = change(before, after)
    return Content.assemble(
        f"{nats(before)} → ", (nats(after), "bold"), " ", sign.said(nats(abs(after - before)))
    )


def describe_cell(report: UpdateReport) -> Content:
    """The gradient, and the weights."""
    return Content.assemble(
        describe_grad(report.grad_norm), (" · ", CONTEXT), describe_share(report)
    )


def describe_grad(norm: float) -> Content:
    return Content.assemble(("grad ", CONTEXT), f"{norm:.4g}")


def describe_share(report: UpdateReport) -> str:
    """The share of the weights that moved."""
    if report.moved is None:
        return "moved unknown"
    return f"moved {percent(report.moved / report.parameters, SHARE_DECIMALS)}"


def describe_prediction(prediction: Prediction) -> str:
    """The shape of what the model gave."""
    return f"logits {'×'.join(map(str, prediction.logits_shape))}"


def describe_place(updates: int) -> str:
    """Where the weights are that no update on show made."""
    return f"after update {updates:,}" if updates else "as loaded"


def describe_undo(report: HistoryReport) -> str:
    """How far back and forth one can go."""
    counts = {"undo": report.undo, "redo": report.redo}
    told = ", ".join(f"{word} {number:,}" for word, number in counts.items() if number)
    return f"can {told}" if told else "nothing to undo"


def describe_undo_memory(report: HistoryReport) -> str:
    """What that takes, of what it may take."""
    return f"{byte_count(report.bytes)} of {byte_count(report.budget)}"
