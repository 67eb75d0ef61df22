"""What a run of a loop measures, told of each step by the loop."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from tui_trainer.engine.accelerator import accelerator
from tui_trainer.engine.bench.clock import PhaseClock
from tui_trainer.engine.bench.memory import PeakMemory
from tui_trainer.errors import InputError
from tui_trainer.reports.bench import HeldOut, Measured, Phases
from tui_trainer.reports.bench_figures import OVERTIME

WARMUP_SHARE = 0.1
"""Of the time, at least a step: it is trained like the rest, but its speed does not count."""
FEWEST_STEPS = 2
"""So many are timed, however long they take."""
PHASE_STEPS = 5
"""On a GPU the phases are those of so many more steps, which wait for it."""


@dataclass(frozen=True)
class StepEnd:
    """Where a run was at the end of a step."""

    seconds: float
    tokens: int
    steps: int


class Recorder:
    """Measures one run: `begin`, `step_made` after each step until it says no, `measured`.

    Its clock stands still while it measures the held-out loss.
    """

    def __init__(
        self,
        clock: PhaseClock,
        held_out_loss: Callable[[], float],
        seconds: float,
        equal_tokens: int | None,
        device: torch.device,
    ) -> None:
        self.clock = clock
        self._held_out_loss = held_out_loss
        self._seconds = seconds
        self._tokens_wanted = equal_tokens
        self._device = device
        self._memory = PeakMemory(device)
        self._tokens = self._steps = 0
        self._paused = 0.0
        self._warm: StepEnd | None = None
        self._end: StepEnd | None = None
        self._phases: Phases | None = None
        self._equal_time: HeldOut | None = None
        self._equal_tokens: HeldOut | None = None

    def begin(self) -> None:
        """The first step begins now."""
        self._memory.reset()
        self._began = time.perf_counter()
        self.clock.reset()

    def step_made(self, tokens: int) -> bool:
        """A step on so many tokens has ended; whether the loop should make another."""
        self.clock.end("other")
        self._tokens += tokens
        self._steps += 1
        if self._warm is None:
            if self._elapsed() >= WARMUP_SHARE * self._seconds:
                self._warm = self._mark()
                self.clock.reset()
        elif self._end is None:
            self._look_for_the_end(self._warm)
        elif self._phases is None and self._steps == self._end.steps + PHASE_STEPS:
            self._phases = self.clock.phases(PHASE_STEPS)
        self._look_for_held_out()
        return not self._done()

    def _look_for_the_end(self, warm: StepEnd) -> None:
        timed = self._steps - warm.steps
        if self._elapsed() < self._seconds or timed < FEWEST_STEPS:
            return
        self._end = self._mark()
        if self.clock.waits:
            self._phases = self.clock.phases(timed)
        self.clock.waits = True
        self.clock.reset()

    def _look_for_held_out(self) -> None:
        """Measure at the first step that ends after the time, or reaches the tokens."""
        time_is_over = self._equal_time is None and self._elapsed() >= self._seconds
        wanted = self._tokens_wanted
        reached = self._equal_tokens is None and wanted is not None and self._tokens >= wanted
        if time_is_over or reached:
            moment = self._measure(self._mark())
            self._equal_time = moment if time_is_over else self._equal_time
            self._equal_tokens = moment if reached else self._equal_tokens

    def _done(self) -> bool:
        if self._end is None or self._phases is None or self._equal_time is None:
            return False
        reached = self._tokens_wanted is None or self._equal_tokens is not None
        return reached or self._elapsed() > OVERTIME * max(self._seconds, self._end.seconds)

    def _elapsed(self) -> float:
        return time.perf_counter() - self._began - self._paused

    def _mark(self) -> StepEnd:
        accelerator(self._device).synchronize()
        return StepEnd(self._elapsed(), self._tokens, self._steps)

    def _measure(self, mark: StepEnd) -> HeldOut:
        self._memory.pause()
        started = time.perf_counter()
        with self.clock.ignoring():
            loss = self._held_out_loss()
        self._paused += time.perf_counter() - started
        self._memory.resume()
        return HeldOut(loss, mark.tokens, mark.seconds)

    def measured(self, loop: str, precision: str) -> Measured:
        """What came of it; InputError where the items ended before the time did."""
        warm, end = self._warm, self._end
        if warm is None or end is None or self._phases is None or self._equal_time is None:
            raise InputError(
                f"The items ended after {self._steps:,} steps, before the time did: give more "
                "with --items, or fewer --seconds."
            )
        self._memory.pause()
        return Measured(
            loop=loop,
            precision=precision,
            tokens_per_second=(end.tokens - warm.tokens) / (end.seconds - warm.seconds),
            steps=end.steps - warm.steps,
            step_tokens=(end.tokens - warm.tokens) / (end.steps - warm.steps),
            phases=self._phases,
            peak_memory_bytes=self._memory.peak_bytes,
            equal_time=self._equal_time,
            equal_tokens=self._equal_tokens,
        )
