"""The numbers of a step's line, by name: each has a chart of its own, later ones by themselves."""

from collections.abc import Mapping
from typing import TypeGuard

from tui_trainer.json_lines import LARGEST_WHOLE
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.loop_lines import step_line

LR, GRAD_NORM, RATE, MEMORY = "lr", "grad_norm", "tokens/s", "memory (GB)"
ELSEWHERE = "step", "loss"
MOST = 40
"""Numbers that a run can have charts of: a file may have any number of names."""
FIRST, LAST = (LR, GRAD_NORM, RATE, MEMORY), ("seconds", "tokens", "positions")
"""In this order, with all others between them as they come."""


def step_numbers(line: Mapping[str, object]) -> dict[str, float]:
    """Every number of a line of `metrics.jsonl` but its step and its loss, and the rate.

    In the order of their charts. What is not there, or was not finite, has none.
    """
    found = {
        name: float(value)
        for name, value in line.items()
        if is_number(value) and name not in ELSEWHERE
    }
    if found.get("seconds", 0.0) > 0:
        found[RATE] = found.get("tokens", 0.0) / found["seconds"]
    between = [name for name in found if name not in (*FIRST, *LAST)]
    return {name: found[name] for name in (*FIRST, *between, *LAST) if name in found}


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a chart can have it: a whole number of JSON may be larger than any float."""
    if isinstance(value, bool):
        return False
    return isinstance(value, float) or (isinstance(value, int) and abs(value) <= LARGEST_WHOLE)


def numbers_of(report: StepReport) -> dict[str, float]:
    """The same of a step that was just made, and what memory it has in use."""
    return step_numbers(step_line(report) | {MEMORY: report.memory_bytes / 1e9})
