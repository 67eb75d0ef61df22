"""The training cell's phases in words: what each has made, on five lines or on one."""

from textual.content import Content

from tui_trainer.reports.phases import (
    BACKWARD,
    FORWARD,
    LOSS,
    PHASES,
    STEP,
    ZERO_GRAD,
    PhaseReport,
)
from tui_trainer.terminal_text import visible
from tui_trainer.words.numbers import nats
from tui_trainer.words.signs import CONTEXT, RIGHT

PHASE_KEYS = {FORWARD: "F", LOSS: "L", BACKWARD: "B", STEP: "S", ZERO_GRAD: "Z"}
NEXT = "▶"
MAKES = {
    FORWARD: "makes logits and their graph",
    LOSS: "compares them with the labels",
    BACKWARD: "leaves each weight a gradient",
    STEP: "moves each weight a little",
    ZERO_GRAD: "clears the gradients",
}
"""What a phase does that has made nothing yet."""


def describe_phases(report: PhaseReport) -> Content:
    """A line a phase: its key, its name, and what there is of it now."""
    return Content("\n").join(_line(report, phase) for phase in PHASES)


def describe_update(report: PhaseReport) -> str:
    """Which update the phases make, or made; empty where that is not known."""
    is_after_step = report.phase in (STEP, ZERO_GRAD)
    if report.phase is None or (is_after_step and not report.moved):
        return ""
    return f"update {report.update if is_after_step else report.update + 1:,}"


def _line(report: PhaseReport, phase: str) -> Content:
    made = what_is_made(report, phase)
    mark, style = (RIGHT.mark, RIGHT.style) if made else (" ", "")
    if phase == report.next:
        mark, style = NEXT, "bold"
    name = f"{PHASE_KEYS[phase]}  {phase:<15} "
    return Content.assemble(
        (f"{mark} ", style),
        (name, "bold" if phase == report.next else ""),
        made or (MAKES[phase], CONTEXT),
    )


def what_is_made(report: PhaseReport, phase: str) -> str:
    """What there is now of what the phase makes; empty where there is nothing."""
    if phase == FORWARD:
        return _describe_logits(report)
    if phase == LOSS:
        return "" if report.loss is None else f"{nats(report.loss)} nats"
    if phase == BACKWARD:
        return _describe_gradients(report)
    if phase == STEP:
        return _describe_step(report)
    return "no weight has a gradient" if report.phase == ZERO_GRAD else ""


def _describe_logits(report: PhaseReport) -> str:
    if report.logits_shape is None:
        return ""
    graph = f"a graph of {report.graph:,} operations" if report.graph else "graph freed"
    return f"logits {'×'.join(map(str, report.logits_shape))}, {graph}"


def _describe_gradients(report: PhaseReport) -> str:
    """Of a cell that was gone through they are cleared at its end."""
    if report.grad_norm is not None:
        return f"grad norm {report.grad_norm:.4g}"
    is_through = report.phase == ZERO_GRAD and report.moved is not None
    return "gradients cleared by Z" if is_through else ""


def _describe_step(report: PhaseReport) -> str:
    """The optimizer's moments alone are left by other updates: they make no step of this cell."""
    if report.moved is None:
        return ""
    moments = (f"{visible(moment.name)} {moment.norm:.3g}" for moment in report.moments)
    return " · ".join((f"moved {report.moved:,}", *moments))


def describe_progress(report: PhaseReport | None) -> Content:
    """F─L─B─S─Z ▶ backward: those that have made something bold, and the one that comes next."""
    done = {p for p in PHASES if report is not None and what_is_made(report, p)}
    letters = [(PHASE_KEYS[p], "bold" if p in done else CONTEXT) for p in PHASES]
    lined = [part for letter in letters for part in (("─", CONTEXT), letter)][1:]
    following = FORWARD if report is None else report.next
    return Content.assemble(*lined, f" {NEXT} ", (following.removeprefix("optimizer."), "bold"))
