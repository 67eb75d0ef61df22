"""All that is looked for in the numbers of a run; a run that is resumed gives it theirs again."""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tui_trainer.engine.loop.alerts.progress import HeldOutRises, Progress
from tui_trainer.engine.loop.alerts.robust import WINDOW
from tui_trainer.engine.loop.alerts.spikes import Spikes
from tui_trainer.reports.alerts import NOT_FINITE, SPIKES, Alert
from tui_trainer.runs.loop_lines import shortened
from tui_trainer.runs.metrics import AlertLine, LayersLine, MetricsLine, StepLine, ValidationLine
from tui_trainer.settings.train import TrainSettings


@dataclass(frozen=True)
class StepSeen:
    """What a step came to, in plain numbers."""

    step: int
    loss: float
    grad_norm: float | None = None
    """None where it is not known, as of a run of an older version."""
    rms: tuple[float | None, ...] = ()
    """Of g over the root of v, of each layer, in the steps in which that is looked at."""

    @property
    def update_rms(self) -> float | None:
        """The highest of a layer, in the digits that the metrics keep of it."""
        return max((shortened(rms) for rms in self.rms if rms is not None), default=None)


class Detector:
    """What it knows is what it was given, step after step: nothing is kept on disk for it."""

    def __init__(self, settings: TrainSettings) -> None:
        self._answer_only = settings.answer_only
        self._spikes = Spikes(settings.spike_score)
        self._progress = Progress(settings.stalled_after)
        self._held_out = HeldOutRises()
        self._not_finite = -WINDOW
        """The last step that was told to be left out."""
        self._losses: deque[float] = deque(maxlen=WINDOW)

    def step(self, seen: StepSeen) -> Iterator[Alert]:
        """Take in a step."""
        if math.isfinite(seen.loss):
            self._losses.append(seen.loss)
        numbers = seen.loss, seen.grad_norm, seen.update_rms
        yield from self._spikes.step(seen.step, dict(zip(SPIKES, numbers, strict=True)))
        yield from self._progress.step(seen.step, seen.loss)

    def measured(self, step: int, loss: float | None) -> Iterator[Alert]:
        """Take in a measurement on held-out items, of what the run's own loss counts."""
        if loss is None or not math.isfinite(loss):
            return
        training = sum(self._losses) / len(self._losses) if self._losses else None
        yield from self._held_out.measured(step, loss, training)

    def tells_of_not_finite(self, step: int) -> bool:
        """Whether a step that is left out is told: not one after another."""
        tells = step - self._not_finite >= WINDOW
        if tells:
            self._not_finite = step
        return tells

    def was_told(self, alerts: Iterable[Alert]) -> None:
        """What the loop told itself."""
        for alert in alerts:
            if alert.kind == NOT_FINITE:
                self._not_finite = alert.step

    def replay(self, lines: Iterable[MetricsLine]) -> None:
        """Take in what the metrics of a run have; what they tell was told."""
        rms: tuple[float | None, ...] = ()
        for line in lines:
            if isinstance(line, LayersLine):
                rms = line.rms
            elif isinstance(line, StepLine):
                deque(self.step(seen_in(line, rms)), maxlen=0)
                rms = ()
            elif isinstance(line, AlertLine) and line.kind == NOT_FINITE:
                self._not_finite = line.step
            elif isinstance(line, ValidationLine):
                loss = line.answer_loss if self._answer_only else line.loss
                deque(self.measured(line.step, loss), maxlen=0)


def seen_in(line: StepLine, rms: tuple[float | None, ...]) -> StepSeen:
    """What the file has of a step: a number that was not finite is none there."""
    loss = math.nan if line.loss is None else line.loss
    return StepSeen(line.step, loss, line.grad_norm, rms)
