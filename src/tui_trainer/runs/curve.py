"""The loss curve of a run, read from its metrics file as far as that goes, and then further."""

import math
from collections import deque
from dataclasses import dataclass, replace
from enum import Enum
from itertools import islice
from pathlib import Path

from tui_trainer.errors import InputError
from tui_trainer.runs.home import METRICS_FILE
from tui_trainer.runs.metrics import (
    AlertLine,
    LrLine,
    MetricsLine,
    StepLine,
    ValidationLine,
    read_lines,
)
from tui_trainer.runs.series import Bucket, Series

POINTS_AT_MOST = 2048
ALERTS_KEPT = 100
LINES_AT_ONCE = 20_000
"""About a tenth of a second, after which the reader hears whether anybody still waits."""


class XAxis(Enum):
    """What a loss is drawn over."""

    STEP = "step"
    TOKEN = "token"
    TIME = "second"


@dataclass(frozen=True)
class Place:
    """Where something lies on each axis: after so many steps, tokens and seconds of training."""

    step: int
    tokens: int = 0
    seconds: float = 0.0

    def along(self, axis: XAxis) -> float:
        return {XAxis.STEP: self.step, XAxis.TOKEN: self.tokens, XAxis.TIME: self.seconds}[axis]


@dataclass(frozen=True)
class Measured:
    """A measurement on held-out items, in nats: of what the loop's own loss counts."""

    place: Place
    loss: float


@dataclass(frozen=True)
class ChangedLr:
    """Another learning rate, the highest of its schedule, from the step after `place` on."""

    place: Place
    lr: float


@dataclass(frozen=True)
class Alarmed:
    """What alarmed at a step: `place` has the tokens and seconds up to its line."""

    place: Place
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class LossCurve:
    """What was read of a run's losses, reduced to `POINTS_AT_MOST`."""

    buckets: tuple[Bucket, ...] = ()
    bytes: int = 0
    """How much of the metrics file was read."""
    steps: int = 0
    not_finite: int = 0
    """How many losses were NaN or infinite, and are not drawn."""
    is_whole: bool = False
    """Whether the file had no more when it was read."""
    failure: str | None = None
    """Why no more can be read; what came before is there."""
    validations: tuple[Measured, ...] = ()
    lr_changes: tuple[ChangedLr, ...] = ()
    alerts: tuple[Alarmed, ...] = ()
    """The last `ALERTS_KEPT`."""

    @property
    def best_validation(self) -> Measured | None:
        """The lowest; the first of several that are alike."""
        return min(self.validations, key=lambda measured: measured.loss, default=None)

    def places(self, axis: XAxis) -> list[tuple[float, float]]:
        """Where the moving average goes: the place on the axis and the loss, in rising order."""
        return [(place_of(bucket, axis), bucket.smoothed) for bucket in self.buckets]


def place_of(bucket: Bucket, axis: XAxis) -> float:
    """The last step of a bucket, and the tokens or the seconds of training up to there."""
    return {XAxis.STEP: bucket.last, XAxis.TOKEN: bucket.tokens, XAxis.TIME: bucket.seconds}[axis]


class CurveReader:
    """Reads one metrics file, some lines at a time; one thread at a time calls it."""

    def __init__(self, run: Path, *, answer_only: bool = False) -> None:
        """`answer_only` is the setting of the run: then the answers are what is measured."""
        self._path = run / METRICS_FILE
        self._answer_only = answer_only
        self._validations: list[Measured] = []
        self._lr_changes: list[ChangedLr] = []
        self._alerts: deque[Alarmed] = deque(maxlen=ALERTS_KEPT)
        self._series = Series()
        self._tokens = 0
        self._seconds = 0.0
        self._curve = LossCurve()

    def read_on(self, lines: int = LINES_AT_ONCE) -> LossCurve:
        """The curve with at most so many more lines; where the file is damaged it says so."""
        place, failure, read = self._curve.bytes, None, 0
        try:
            for line, end in islice(read_lines(self._path, place), lines):
                place, read = end, read + 1
                self._add(line)
        except InputError as error:
            failure = str(error)
        self._curve = replace(
            self._curve,
            buckets=tuple(self._series.reduced(POINTS_AT_MOST)),
            bytes=place,
            steps=len(self._series),
            not_finite=self._series.not_finite,
            is_whole=failure is None and read < lines,
            failure=failure,
            validations=tuple(self._validations),
            lr_changes=tuple(self._lr_changes),
            alerts=tuple(self._alerts),
        )
        return self._curve

    def _add(self, line: MetricsLine) -> None:
        if isinstance(line, StepLine):
            self._add_step(line)
        elif isinstance(line, ValidationLine):
            loss = line.answer_loss if self._answer_only else line.loss
            if loss is not None:
                self._validations.append(Measured(self._place(line.step), loss))
        elif isinstance(line, LrLine):
            self._lr_changes.append(ChangedLr(self._place(line.step - 1), line.lr))
        elif isinstance(line, AlertLine):
            self._add_alert(line)

    def _add_alert(self, line: AlertLine) -> None:
        """Several of the same step are one."""
        place, before = self._place(line.step), self._alerts[-1] if self._alerts else None
        if before is not None and before.place == place:
            self._alerts[-1] = replace(before, kinds=(*before.kinds, line.kind))
        else:
            self._alerts.append(Alarmed(place, (line.kind,)))

    def _place(self, step: int) -> Place:
        """After the steps that were read so far."""
        return Place(step, self._tokens, self._seconds)

    def _add_step(self, step: StepLine) -> None:
        self._tokens += step.tokens
        self._seconds += step.seconds
        self._series.append(step.step, as_float(step.loss), self._tokens, self._seconds)


def as_float(loss: float | None) -> float:
    """A loss that was not finite has no number in the file."""
    return math.nan if loss is None else loss


def read_curve(run: Path) -> LossCurve:
    """The whole curve; InputError where the metrics are damaged."""
    reader = CurveReader(run)
    while not (curve := reader.read_on()).is_whole:
        if curve.failure is not None:
            raise InputError(curve.failure)
    return curve
