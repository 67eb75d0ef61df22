"""What Step says of an update and of a prediction, in words and signs."""

from textual.content import Content

from tui_trainer.reports.actions import HistoryReport
from tui_trainer.reports.predictions import Prediction
from tui_trainer.reports.updates import UpdateReport
from tui_trainer.words.numbers import byte_count, nats, percent
from tui_trainer.words.signs import change

CONTEXT = "$context"


def describe_loss(report: UpdateReport) -> Content:
    """1.0093 → 0.8419 ↓ 0.1674: before the update, after it, and which way that is."""
    before, after = report.loss, report.loss if report.after.loss is None else report.after.loss
    sign = change(before, after)
    return Content.assemble(
        f"{nats(before)} → ", (nats(after), "bold"), " ", sign.said(nats(abs(after - before)))
    )


def describe_cell(report: UpdateReport) -> Content:
    """The gradient, and the weights."""
    grad = f"{report.grad_norm:.4g}"
    return Content.assemble(("grad norm ", CONTEXT), grad, (" · ", CONTEXT), describe_share(report))


def describe_share(report: UpdateReport) -> str:
    """The share of the weights that moved."""
    if report.moved is None:
        return "moved unknown"
    return f"moved {percent(report.moved / report.parameters, 2)}"


def describe_prediction(prediction: Prediction) -> str:
    """The shape of what the model gave."""
    return f"logits {'×'.join(map(str, prediction.logits_shape))}"


def describe_place(updates: int) -> str:
    """Where the weights are that no update on show made."""
    return f"after update {updates:,}" if updates else "as loaded"


def describe_undo(report: HistoryReport) -> str:
    """How far back and forth one can go."""
    return f"undo {report.undo:,}" + (f" redo {report.redo:,}" if report.redo else "")


def describe_undo_memory(report: HistoryReport) -> str:
    """What that takes, of what it may take."""
    return f"{byte_count(report.bytes)} of {byte_count(report.budget)}"
