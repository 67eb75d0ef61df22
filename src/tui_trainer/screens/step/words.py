"""What Step says of an update and of a prediction, in words."""

from tui_trainer.reports.actions import HistoryReport
from tui_trainer.reports.predictions import Prediction
from tui_trainer.reports.updates import UpdateReport
from tui_trainer.words.numbers import byte_count, change, nats, percent, seconds_of


def describe_update(report: UpdateReport) -> str:
    """Two lines: the loss and the gradient; the weights and the time."""
    after = report.after.loss if report.after.loss is not None else report.loss
    return (
        f"update {report.update:<5} loss {nats(report.loss)} → {nats(after)} "
        f"({change(after - report.loss)}) nats   grad norm {report.grad_norm:.4g}\n"
        f"{describe_moved(report)}   {seconds_of(report.seconds)}"
    )


def describe_moved(report: UpdateReport) -> str:
    """How many of the weights, and which share of them."""
    if report.moved is None:
        return f"{report.parameters:,} weights, those that moved not counted"
    share = percent(report.moved / report.parameters, 2)
    return f"moved {report.moved:,} of {report.parameters:,} weights ({share})"


def describe_prediction(prediction: Prediction) -> str:
    """Two lines, the second empty: the shapes and the loss."""
    loss = "unknown" if prediction.loss is None else nats(prediction.loss)
    rows, columns = prediction.shape
    logits = "×".join(map(str, prediction.logits_shape))
    return f"input_ids ({rows}, {columns}) · logits {logits} · loss {loss} nats\n"


def describe_history(report: HistoryReport) -> str:
    """How far back and forth one can go, and the memory that takes."""
    redo = f" redo {report.redo}" if report.redo else ""
    memory = f"{byte_count(report.bytes)}/{byte_count(report.budget)}"
    return f"undo {report.undo}{redo} · {memory}"
