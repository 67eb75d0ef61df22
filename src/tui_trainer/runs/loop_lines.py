"""The JSON of what a loop tells: in a metrics file, and of `tui-trainer gsm8k --json`."""

from collections.abc import Iterator

from tui_trainer.json_lines import Json
from tui_trainer.reports.alerts import Alert
from tui_trainer.reports.layers import FIGURES, LayersReport
from tui_trainer.reports.loop import (
    ChangeReport,
    LoopReport,
    SampleReport,
    StopReport,
    ThreadsReport,
    ValidationReport,
    alerts_of,
)
from tui_trainer.reports.steps import StepReport

LAYERS = "layers"
"""The event of the line of the layers."""
DIGITS = 6
"""Of their figures: two in three bytes of a run would else be digits that tell nothing."""


def loop_lines(report: LoopReport) -> list[dict[str, Json]]:
    """One step, one measurement or some samples; nothing where one of them is under way.

    The alerts of a step, and what it did to each layer, come before its own line, which is the last
    of it: a run that is resumed has all up to a step.
    """
    alerts = [alert_line(alert) for alert in alerts_of(report)]
    if isinstance(report, StepReport):
        layers = [] if report.layers is None else [layers_line(report.layers)]
        return [*alerts, *layers, step_line(report)]
    if isinstance(report, ValidationReport):
        return [validation_line(report), *alerts]
    if isinstance(report, ChangeReport):
        return [change_line(report)]
    if isinstance(report, ThreadsReport):
        return [threads_line(report)]
    if isinstance(report, StopReport):
        return [stop_line(report)]
    return list(sample_lines(report)) if isinstance(report, SampleReport) else alerts


def step_line(report: StepReport) -> dict[str, Json]:
    """The JSON of one step.

    `applied` is there, and false, where its update was left out; `clipped`, and true, where its
    gradients were.
    """
    line: dict[str, Json] = {
        "step": report.step,
        "loss": report.loss,
        "tokens": report.tokens,
        "lr": report.lr,
        "seconds": report.seconds,
        "positions": report.positions,
        "grad_norm": report.grad_norm,
    }
    if report.clipped:
        line["clipped"] = True
    return line if report.applied else line | {"applied": False}


def layers_line(report: LayersReport) -> dict[str, Json]:
    """The JSON of the layers at a step: their names, and of each figure a number a layer, in six
    digits."""
    columns: dict[str, Json] = {
        figure: [_shortened(getattr(layer, figure)) for layer in report.layers]
        for figure in FIGURES
    }
    names = [layer.name for layer in report.layers]
    line: dict[str, Json] = {"event": LAYERS, "step": report.step, "layers": names}
    return line | columns


def _shortened(number: float | None) -> float | None:
    return None if number is None else shortened(number)


def shortened(number: float) -> float:
    """In the digits that a line keeps of what is told of a layer."""
    return float(f"{number:.{DIGITS}g}")


def row_line(report: StepReport) -> dict[str, Json]:
    """What a command adds to the JSON of a step: the first row, part after part."""
    parts = [{"item": part.problem, "tokens": part.tokens} for part in report.row]
    return {"row": parts}


def lr_line(report: StepReport) -> dict[str, Json]:
    """The JSON of a change of the learning rate; it comes before its first step."""
    return {"event": "lr", "step": report.step, "peak_lr": report.peak_lr}


def alert_line(alert: Alert) -> dict[str, Json]:
    """The JSON of what is to be looked at, with what was measured and what was usual."""
    return {
        "event": "alert",
        "step": alert.step,
        "kind": alert.kind,
        "says": alert.says,
        "value": alert.value,
        "usual": alert.usual,
        "score": alert.score,
        "items": alert.items,
        "token": alert.token,
        "token_loss": alert.token_loss,
        "layer": alert.layer,
    }


def threads_line(report: ThreadsReport) -> dict[str, Json]:
    """The JSON of another number of threads; it comes before the first step that they make."""
    share = report.share
    return {
        "event": "threads",
        "step": report.step,
        "threads": share.threads,
        "of": share.most,
    }


def stop_line(report: StopReport) -> dict[str, Json]:
    """The JSON of what ended a run before its last step."""
    return {
        "event": "stop",
        "step": report.step,
        "rule": report.rule,
        "says": report.says,
        "value": report.value,
    }


def change_line(report: ChangeReport) -> dict[str, Json]:
    """The JSON of an update on Step between two steps, or of the undo or the redo of one."""
    return {
        "event": report.what,
        "step": report.step,
        "text": report.text,
        "loss": report.loss,
        "lr": report.lr,
        "optimizer": report.optimizer,
    }


def validation_line(report: ValidationReport) -> dict[str, Json]:
    """The JSON of one measurement; losses in nats."""
    return {
        "event": "validation",
        "step": report.step,
        "items": report.items,
        "loss": report.loss,
        "question_loss": report.question_loss,
        "answer_loss": report.answer_loss,
        "question_tokens": report.question_tokens,
        "answer_tokens": report.answer_tokens,
        "seconds": report.seconds,
    }


def sample_lines(report: SampleReport) -> Iterator[dict[str, Json]]:
    """The JSON of each answer."""
    for item in report.items:
        yield {
            "event": "sample",
            "step": report.step,
            "problem": item.problem,
            "question": item.question,
            "expected": item.expected,
            "answer": item.answer.text,
            "strict_right": item.strict_right,
            "flexible_right": item.flexible_right,
            "tokens": item.answer.tokens,
            "ended_by": item.answer.ending.name.lower(),
        }
