"""A loss, a gradient or an update far above those of the steps before; no torch."""

import math
from collections.abc import Iterator, Mapping

from tui_trainer.engine.loop.alerts.robust import WINDOW, Least, RobustWindow
from tui_trainer.reports.alerts import GRADIENT_SPIKE, LOSS_SPIKE, SPIKES, UPDATE_SPIKE, Alert
from tui_trainer.words.numbers import nats

LEAST: dict[str, Least] = {
    LOSS_SPIKE: Least(more=1.0),
    GRADIENT_SPIKE: Least(times=10.0),
    UPDATE_SPIKE: Least(times=4.0),
}
"""Where numbers hardly differ, as once all is learned by heart, a small one is many deviations
away. A nat is a token nearly three times less likely; the norm of a well run's gradient was up to
5 times its median and the RMS 2.3 times (docs/performance.md)."""
WHAT: dict[str, str] = {
    LOSS_SPIKE: "the loss",
    GRADIENT_SPIKE: "the norm of the gradient",
    UPDATE_SPIKE: "the RMS of g/√v",
}
REMEDY = (
    "Look at its row (v). If others follow, take a lower learning rate or go back to a checkpoint."
)


class Spikes:
    """Of one run. One that was told is not told again until the window is one of later steps."""

    def __init__(self, least_score: float | None) -> None:
        """`least_score` is in robust standard deviations; None tells of none."""
        self._least_score = math.inf if least_score is None else least_score
        self._windows = {kind: RobustWindow() for kind in SPIKES}
        self._told: dict[str, int] = {}
        """The step of the last one of each."""

    def step(self, step: int, numbers: Mapping[str, float | None]) -> Iterator[Alert]:
        """Take in what a step came to; what is not known of it is None."""
        for kind, number in numbers.items():
            if number is None:
                continue
            window = self._windows[kind]
            score = window.score(number, LEAST[kind])
            window.add(number)
            if score is None or score.deviations < self._least_score:
                continue
            if step - self._told.get(kind, -WINDOW) >= WINDOW:
                self._told[kind] = step
                says = describe(kind, step, number, score.median)
                yield Alert(kind, step, says, number, score.median, score.deviations)


def describe(kind: str, step: int, number: float, usual: float, where: str = "") -> str:
    """What it is, `where`, and what can be done."""
    of = nats if kind == LOSS_SPIKE else "{:.3g}".format
    return (
        f"Step {step:,}: {WHAT[kind]} is {of(number)}, {number / usual:,.1f} times the median of "
        f"the {WINDOW} before{where}. {REMEDY}"
    )
