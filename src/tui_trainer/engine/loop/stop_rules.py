"""What ends a run before its last step: plain numbers in, a rule that holds out; no torch."""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tui_trainer.engine.loop.alerts.robust import WINDOW
from tui_trainer.errors import InputError
from tui_trainer.runs.metrics import MetricsLine, StepLine, ValidationLine, read_lines
from tui_trainer.settings.fields import field_of
from tui_trainer.settings.train import TrainSettings
from tui_trainer.words.numbers import counted, nats

UNMEASURED = (
    "Patience counts measurements of held-out items, and none are measured: give "
    "--validation-items N too, or leave out --patience."
)


@dataclass(frozen=True)
class Reached:
    """A rule that holds."""

    rule: str
    """The setting that it is of."""
    says: str
    value: float
    """What came to the rule's number."""


class StopRules:
    """Of one run. What it knows is what it was given: a run that is resumed gives it its lines."""

    def __init__(self, settings: TrainSettings) -> None:
        """InputError where what a rule is about is not measured."""
        if settings.patience and not settings.validation_items:
            raise InputError(UNMEASURED)
        self._settings = settings
        self._losses: deque[float] = deque(maxlen=WINDOW)
        self._tokens, self._seconds = 0, 0.0
        self._lowest, self._lowest_at = math.inf, 0
        self._higher = 0
        """Measurements since the lowest."""
        self._measured_at = -1

    def step(self, loss: float, tokens: int, seconds: float) -> Reached | None:
        """Take in a step; the first rule of a step that holds since."""
        self._tokens += tokens
        self._seconds += seconds
        if math.isfinite(loss):
            self._losses.append(loss)
        return self._of_steps()

    def _of_steps(self) -> Reached | None:
        settings, minutes = self._settings, self._seconds / 60
        if settings.stop_at_loss is not None and len(self._losses) == WINDOW:
            mean = sum(self._losses) / WINDOW
            if mean <= settings.stop_at_loss:
                says = (
                    f"The mean loss of the last {WINDOW} steps is {nats(mean)}, and "
                    f"{nats(settings.stop_at_loss)} or less ends the run."
                )
                return Reached("stop_at_loss", says, mean)
        if settings.minutes is not None and minutes >= settings.minutes:
            says = (
                f"Its steps took {minutes:,.4g} minutes, and {settings.minutes:,.4g} were allowed."
            )
            return Reached("minutes", says, minutes)
        if settings.tokens and self._tokens >= settings.tokens:
            allowed = f"{settings.tokens:,} were allowed"
            says = f"It trained on {counted(self._tokens, 'token')}, and {allowed}."
            return Reached("tokens", says, self._tokens)
        return None

    def measured(self, step: int, loss: float | None) -> Reached | None:
        """Take in a measurement of held-out items after `step`, each step's once."""
        if loss is None or step <= self._measured_at:
            return None
        self._measured_at = step
        if loss < self._lowest:
            self._lowest, self._lowest_at, self._higher = loss, step, 0
            return None
        self._higher += 1
        return self._of_measurements()

    def _of_measurements(self) -> Reached | None:
        patience = self._settings.patience
        if not patience or self._higher < patience:
            return None
        was = f"{nats(self._lowest)} after step {self._lowest_at:,}"
        if not math.isfinite(self._lowest):
            was = "no number before"
        says = (
            f"The loss of the held-out items was {was}, and not lower in "
            f"{counted(self._higher, 'measurement')} since."
        )
        return Reached("patience", says, self._higher)

    def replay(self, lines: Iterable[MetricsLine]) -> None:
        """Take in what the metrics of a run have.

        InputError where a rule holds already: no step would be made.
        """
        for line in lines:
            if isinstance(line, StepLine):
                self.step(math.nan if line.loss is None else line.loss, line.tokens, line.seconds)
            elif isinstance(line, ValidationLine):
                loss = line.answer_loss if self._settings.answer_only else line.loss
                self.measured(line.step, loss)
        if (reached := self._of_steps() or self._of_measurements()) is not None:
            option = field_of(TrainSettings, reached.rule).option
            raise InputError(
                f"{reached.says} To go on with the run all the same, give another {option} to "
                "tui-trainer gsm8k --resume."
            )


def lines_before(metrics: Path, step: int) -> Iterator[MetricsLine]:
    """What the metrics of a run have before the step after `step`, from which a loop goes on: what
    was measured there too."""
    for line, _ in read_lines(metrics):
        if isinstance(line, StepLine) and line.step > step:
            return
        yield line
