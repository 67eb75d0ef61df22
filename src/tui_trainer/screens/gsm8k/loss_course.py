"""How the losses of a run go, as what happened in it: its average each tenth of the way, spikes."""

import math
from collections.abc import Iterator

from textual.content import Content

from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.series import SMOOTHED_STEPS, SMOOTHING, Series
from tui_trainer.words.numbers import nats
from tui_trainer.words.signs import WARNING, change

TENTHS = 10
SHORTEST = 4 * TENTHS
"""Steps of a run whose tenths are told: of a shorter one each is on the screen as it is."""
SPIKE_TIMES, SPIKE_SPREADS = 2.0, 6.0
"""Above the average by both: the losses of single items jump by two or three spreads."""


class LossCourse:
    """Of one run."""

    def __init__(self) -> None:
        self._losses = Series()
        self._spread = 0.0
        """How far a loss is from the average, on average."""
        self._told: float | None = None
        """The average at the last tenth."""
        self._spike = -math.inf
        """The step of the last one."""

    def add(self, report: StepReport) -> Iterator[Content]:
        """What a step has to tell."""
        if report.applied and math.isfinite(report.loss):
            yield from self._of_spike(report)
            self._take(report)
        yield from self._of_tenth(report)

    def _take(self, report: StepReport) -> None:
        average = self._losses.smoothed
        if average is not None:
            off = abs(report.loss - average)
            self._spread = SMOOTHING * self._spread + (1 - SMOOTHING) * off
        self._losses.append(report.step, report.loss)

    def _of_spike(self, report: StepReport) -> Iterator[Content]:
        """One, until the average has come after it."""
        average = self._losses.smoothed
        if average is None or len(self._losses) < SMOOTHED_STEPS:
            return
        usual = max(SPIKE_TIMES * average, average + SPIKE_SPREADS * self._spread)
        if report.loss > usual and report.step - self._spike >= SMOOTHED_STEPS:
            self._spike = report.step
            said = f"loss {nats(report.loss)} at step {report.step:,}, avg {nats(average)}"
            yield Content.assemble(WARNING.said(said))

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
