"""What a run of a loop measures, told of each step by the loop."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from tui_trainer.engine.accelerator import accelerator
from tui_trainer.engine.bench.clock import PhaseClock
from tui_trainer.engine.bench.memory import PeakMemory
from tui_trainer.engine.threads.share import Threads
from tui_trainer.errors import InputError
from tui_trainer.reports.bench import HeldOut, Measured, Phases, WarmUp
from tui_trainer.reports.bench_figures import OVERTIME

WARMUP_SHARE = 0.1
"""Of the time, after the first step, in which most is compiled."""
SETTLED = 0.5
"""The warm-up goes on while a step takes less than this share of what the quickest before it took,
a token: others were compiled, or measured by cuDNN, until then."""
FEWEST_STEPS = 2
"""So many are timed, however long they take."""
PHASE_STEPS = 5
"""On a GPU the phases are those of so many more steps, which wait for it."""


@dataclass(frozen=True)
class StepEnd:
    """Where a run was at the end of a step."""

    seconds: float
    """Of training since it began."""
    tokens: int
    steps: int


@dataclass(frozen=True)
class Moment:
    """The held-out loss, and what was trained on until then."""

    loss: float
    tokens: int


class Recorder:
    """Measures one run: `begin`, `step_made` after each step until it says no, `measured`.

    First comes a warm-up, which trains like the rest. The clock begins after it, and stands still
    while the held-out loss is measured.
    """

    def __init__(
        self,
        clock: PhaseClock,
        held_out_loss: Callable[[], float],
        seconds: float,
        equal_tokens: int | None,
        device: torch.device,
        threads: Threads | None = None,
    ) -> None:
        """`threads` chooses how many compute, beside what others do; without it they stay."""
        self.clock = clock
        self._held_out_loss = held_out_loss
        self._seconds = seconds
        self._tokens_wanted = equal_tokens
        self._device = device
        self._threads = threads
        self._memory = PeakMemory(device)
        self._paused = 0.0
        self._last = StepEnd(0.0, 0, 0)
        self._first: StepEnd | None = None
        self._quickest = math.inf
        """Seconds a token, of the steps so far, while it warms up."""
        self._warm: StepEnd | None = None
        self._end: StepEnd | None = None
        self._phases: Phases | None = None
        self._equal_time: Moment | None = None
        self._equal_tokens: Moment | None = None

    def begin(self) -> None:
        """The first step begins now."""
        if self._threads is not None:
            self._threads.settle()
        self._memory.reset()
        self._began = time.perf_counter()
        self.clock.reset()

    def step_made(self, tokens: int) -> bool:
        """A step on so many tokens has ended; whether the loop should make another."""
        self.clock.end("other")
        if self._threads is not None:
            self._threads.worked(tokens)
        before = self._last
        self._last = StepEnd(self._elapsed(), before.tokens + tokens, before.steps + 1)
        if self._warm is None:
            self._last = self._waited()
            self._warm_up(before)
        elif self._end is None:
            self._look_for_the_end(self._warm)
        elif self._phases is None and self._last.steps == self._end.steps + PHASE_STEPS:
            self._phases = self.clock.phases(PHASE_STEPS)
        self._look_for_held_out()
        if self._threads is not None:
            self._threads.settle()
        return not self._done()

    def _warm_up(self, before: StepEnd) -> None:
        """Begin the clock where the steps are no longer slow for what is done once."""
        now = self._last
        pace = (now.seconds - before.seconds) / (now.tokens - before.tokens)
        settled, self._quickest = pace >= SETTLED * self._quickest, min(pace, self._quickest)
        if self._first is None:
            self._first = now
        elif settled and now.seconds - self._first.seconds >= WARMUP_SHARE * self._seconds:
            self._warm = now
            self.clock.reset()

    def _look_for_the_end(self, warm: StepEnd) -> None:
        timed = self._last.steps - warm.steps
        if self._trained_seconds(warm, self._last) < self._seconds or timed < FEWEST_STEPS:
            return
        self._end = self._last = self._waited()
        if self.clock.waits:
            self._phases = self.clock.phases(timed)
        self.clock.waits = True
        self.clock.reset()

    @staticmethod
    def _trained_seconds(warm: StepEnd, now: StepEnd) -> float:
        """How long it takes to train until `now`: the warm-up too at the speed that came after."""
        timed = now.tokens - warm.tokens
        return (now.seconds - warm.seconds) * now.tokens / timed

    def _look_for_held_out(self) -> None:
        """Measure at the first step that ends after the time, or reaches the tokens."""
        time_is_over = self._equal_time is None and self._end is not None
        wanted = self._tokens_wanted
        reached = self._equal_tokens is None and wanted is not None and self._last.tokens >= wanted
        if time_is_over or reached:
            moment = self._measure()
            self._equal_time = moment if time_is_over else self._equal_time
            self._equal_tokens = moment if reached else self._equal_tokens

    def _done(self) -> bool:
        if self._warm is None or self._end is None or self._phases is None:
            return False
        if self._tokens_wanted is None or self._equal_tokens is not None:
            return True
        timed = self._end.seconds - self._warm.seconds
        since = self._last.seconds - self._warm.seconds
        return since > OVERTIME * max(self._seconds, timed)

    def _elapsed(self) -> float:
        return time.perf_counter() - self._began - self._paused

    def _waited(self) -> StepEnd:
        """The end of this step on the device."""
        accelerator(self._device).synchronize()
        return replace(self._last, seconds=self._elapsed())

    def _measure(self) -> Moment:
        accelerator(self._device).synchronize()
        self._memory.pause()
        started = time.perf_counter()
        with self.clock.ignoring():
            loss = self._held_out_loss()
        self._paused += time.perf_counter() - started
        self._memory.resume()
        return Moment(loss, self._last.tokens)

    def measured(self, loop: str, precision: str) -> Measured:
        """What came of it; InputError where the items ended before the time did."""
        warm, end = self._warm, self._end
        if warm is None or end is None or self._phases is None or self._equal_time is None:
            raise InputError(
                f"The items ended after {self._last.steps:,} steps, before the time did: give more "
                "with --items, or fewer --seconds."
            )
        self._memory.pause()
        rate = (end.tokens - warm.tokens) / (end.seconds - warm.seconds)
        equal_tokens = self._equal_tokens
        return Measured(
            loop=loop,
            precision=precision,
            tokens_per_second=rate,
            steps=end.steps - warm.steps,
            step_tokens=(end.tokens - warm.tokens) / (end.steps - warm.steps),
            phases=self._phases,
            peak_memory_bytes=self._memory.peak_bytes,
            equal_time=held_out_at(self._equal_time, rate),
            equal_tokens=None if equal_tokens is None else held_out_at(equal_tokens, rate),
            warm_up=WarmUp(warm.seconds, warm.steps, warm.tokens),
            threads=torch.get_num_threads(),
        )


def held_out_at(moment: Moment, rate: float) -> HeldOut:
    """With the seconds that the training until then takes at `rate` tokens a second."""
    return HeldOut(moment.loss, moment.tokens, moment.tokens / rate)
