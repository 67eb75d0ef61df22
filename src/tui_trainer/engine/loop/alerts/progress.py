"""No progress over a window, and held-out items that get worse while training gets better."""

import math
from collections.abc import Iterator

from tui_trainer.engine.loop.alerts.robust import WINDOW
from tui_trainer.reports.alerts import NO_PROGRESS, VALIDATION_RISES, Alert
from tui_trainer.words.numbers import nats

HIGHER_IN_A_ROW = 3
"""Measurements of held-out items above the lowest: one or two are chance."""
HIGHER_BY = 1.01
"""Times the lowest: less is within what two seeds differ by."""


class Progress:
    """The mean loss of each 64 steps, and the lowest of them so far.

    A single loss is that of other items than the one before; what of 64 is not lower for a
    thousand steps has stopped to fall.
    """

    def __init__(self, patience: int) -> None:
        """`patience` is in steps; 0 tells of nothing."""
        self._patience = patience
        self._block: list[float] = []
        self._lowest = math.inf
        self._lowest_at = 0
        """The last step of the lowest block."""
        self._is_told = False
        """Whether it was told since the lowest."""

    def step(self, step: int, loss: float) -> Iterator[Alert]:
        """Take in the loss of a step."""
        if math.isfinite(loss):
            self._block.append(loss)
        if len(self._block) < WINDOW:
            return
        mean = sum(self._block) / WINDOW
        self._block = []
        if mean < self._lowest:
            self._lowest, self._lowest_at, self._is_told = mean, step, False
        elif self._patience and not self._is_told and step - self._lowest_at >= self._patience:
            self._is_told = True
            says = (
                f"No progress: the mean loss of {WINDOW} steps is {nats(mean)} at step {step:,}, "
                f"and was {nats(self._lowest)} at step {self._lowest_at:,}, the lowest so far. "
                "Take another learning rate, or stop: more steps may teach it nothing."
            )
            yield Alert(NO_PROGRESS, step, says, mean, self._lowest)


class HeldOutRises:
    """Measurements of held-out items, each beside the mean of the last losses of training."""

    def __init__(self) -> None:
        self._lowest = math.inf
        self._lowest_at = 0
        self._training = math.inf
        """The mean loss of the steps before the lowest."""
        self._higher = 0
        """How many were measured since, all of them higher."""

    def measured(self, step: int, loss: float, training: float | None) -> Iterator[Alert]:
        """Take in a measurement after `step`; `training` is None before the first step."""
        if loss < self._lowest or training is None:
            self._lowest, self._lowest_at, self._higher = loss, step, 0
            self._training = math.inf if training is None else training
            return
        self._higher += 1
        falls = training < self._training
        if self._higher == HIGHER_IN_A_ROW and falls and loss > HIGHER_BY * self._lowest:
            says = (
                f"After step {step:,} the loss of the held-out items is {nats(loss)}, and was "
                f"{nats(self._lowest)} after step {self._lowest_at:,}, while that of training "
                f"fell to {nats(training)}: it learns its items by heart. Stop, and take the "
                "checkpoint nearest to the lowest; more items or fewer epochs help."
            )
            yield Alert(VALIDATION_RISES, step, says, loss, self._lowest)
