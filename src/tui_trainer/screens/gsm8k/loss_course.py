"""How the losses of a run go, as what happened in it: its average each tenth of the way."""

import math
from collections.abc import Iterator

from textual.content import Content

from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.series import Series
from tui_trainer.words.numbers import nats
from tui_trainer.words.signs import change

TENTHS = 10
SHORTEST = 4 * TENTHS
"""Steps of a run whose tenths are told: of a shorter one each is on the screen as it is."""


class LossCourse:
    """Of one run."""

    def __init__(self) -> None:
        self._losses = Series()
        self._told: float | None = None
        """The average at the last tenth."""

    def add(self, report: StepReport) -> Iterator[Content]:
        """What a step has to tell."""
        if report.applied and math.isfinite(report.loss):
            self._losses.append(report.step, report.loss)
        yield from self._of_tenth(report)

    def _of_tenth(self, report: StepReport) -> Iterator[Content]:
        """`step 250 of 500 · avg 0.9312 ↓`: against the tenth before."""
        average, step, steps = self._losses.smoothed, report.step, report.steps
        is_tenth = step * TENTHS // steps > (step - 1) * TENTHS // steps
        if average is None or steps < SHORTEST or not is_tenth:
            return
        sign = change(average if self._told is None else self._told, average)
        way = (f" {sign.mark}", sign.style) if self._told is not None else ""
        self._told = average
        yield Content.assemble(f"step {step:,} of {steps:,} · avg {nats(average)}", way)
