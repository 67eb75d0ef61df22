"""What came of the steps, for people: on standard error, each as it ends."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.gpu.record import Criterion
from tests.gpu.step import Outcome
from tui_trainer.terminal_text import visible

VERDICTS = {True: "passed", False: "FAILED", None: "-"}
HOLDS = {True: "ok", False: "NO", None: "-"}
WHAT, MEASURED = 64, 14


def show(line: str) -> None:
    print(visible(line), file=sys.stderr, flush=True)


def outcome_lines(outcome: Outcome) -> Iterator[str]:
    """A heading, why it broke off if it did, and a line a criterion."""
    why = f"  {outcome.why}" if outcome.why else ""
    yield f"{outcome.step:<16}{VERDICTS[outcome.passed]:<8}{outcome.seconds:6.1f} s{why}"
    yield from map(criterion_line, outcome.criteria)
    if outcome.passed is False:
        yield f"    see {outcome.log}"


def criterion_line(criterion: Criterion) -> str:
    measured = criterion.measured
    number = f"{measured:.4g}" if isinstance(measured, float) else str(measured)
    return (
        f"  {HOLDS[criterion.holds]:<4}{criterion.what:<{WHAT}}{number:>{MEASURED}}"
        f"  ({criterion.bound})"
    )


def summary(outcomes: Sequence[Outcome], folder: Path) -> str:
    """How many passed, and where the lines are."""
    counts = {verdict: [o.passed for o in outcomes].count(verdict) for verdict in VERDICTS}
    not_here = f", {counts[None]} not on a cpu" if counts[None] else ""
    return f"{counts[True]} passed, {counts[False]} failed{not_here}: {folder}"
