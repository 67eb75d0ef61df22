"""The bench's arithmetic, as pure functions: medians, spreads, ratios, shares. No torch here."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tui_trainer.reports.bench import Failed, HeldOut, Measured, Phases, WarmUp
from tui_trainer.settings.model import BF16_STOCHASTIC, FP32, TF32

Kind = TypeVar("Kind")
COMPUTE_DTYPES = {
    FP32: FP32,
    TF32: TF32,
    "mixed": "bf16",
    "bf16": "bf16",
    BF16_STOCHASTIC: "bf16",
}
"""In what the matrices are multiplied, by precision."""
MOST_EPOCHS = 1000
OVERTIME = 4
"""A run may take so many times its seconds to reach the tokens at which all are compared."""


def best_precision(peaks: Mapping[str, float]) -> str:
    """The peers' best: fp32 weights, and bf16 compute where the device multiplies faster in it."""
    return "mixed" if peaks["bf16"] > peaks["fp32"] else "fp32"


@dataclass(frozen=True)
class Spread:
    """The median of several rounds, the lowest and the highest."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    return Spread(statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class LoopFigures:
    """All rounds of one loop. Where one of them failed there are no figures."""

    loop: str
    asked: int
    runs: tuple[Measured, ...]
    failed: str | None
    """Why, in a sentence."""

    @property
    def tokens_per_second(self) -> Spread:
        return spread([run.tokens_per_second for run in self.runs])

    @property
    def phases(self) -> Phases:
        """The median of each."""
        phases = [run.phases for run in self.runs]
        return Phases(
            data=statistics.median(phase.data for phase in phases),
            forward=statistics.median(phase.forward for phase in phases),
            backward=statistics.median(phase.backward for phase in phases),
            optimizer=statistics.median(phase.optimizer for phase in phases),
            other=statistics.median(phase.other for phase in phases),
        )

    @property
    def peak_memory_bytes(self) -> int:
        return max(run.peak_memory_bytes for run in self.runs)

    @property
    def step_tokens(self) -> float:
        return statistics.median(run.step_tokens for run in self.runs)

    @property
    def precision(self) -> str:
        return self.runs[0].precision

    @property
    def warm_up(self) -> WarmUp:
        """The one whose time is the median, or just below it."""
        return middle([run.warm_up for run in self.runs], lambda warm_up: warm_up.seconds)

    @property
    def equal_time(self) -> HeldOut:
        return median_held_out([run.equal_time for run in self.runs])

    @property
    def equal_tokens(self) -> HeldOut | None:
        reached = [run.equal_tokens for run in self.runs if run.equal_tokens is not None]
        return median_held_out(reached) if reached else None


def median_held_out(moments: Sequence[HeldOut]) -> HeldOut:
    """The one whose loss is the median, or just below it."""
    return middle(moments, lambda moment: moment.loss)


def middle(several: Sequence[Kind], figure: Callable[[Kind], float]) -> Kind:
    return sorted(several, key=figure)[(len(several) - 1) // 2]


def gather(loop: str, asked: int, rounds: Sequence[Measured | Failed]) -> LoopFigures:
    """All that the rounds of one loop gave; one that failed ran no more."""
    runs = tuple(run for run in rounds if isinstance(run, Measured))
    failed = next((run.reason for run in rounds if isinstance(run, Failed)), None)
    return LoopFigures(loop, asked, runs, failed)


def ratio(one: LoopFigures, other: LoopFigures) -> Spread | None:
    """How many times the tokens a second of `other` the loop `one` makes, round by round.

    None where either failed in a round: what is left would be a choice among the rounds.
    """
    if one.failed is not None or other.failed is not None:
        return None
    pairs = zip(one.runs, other.runs, strict=True)
    return spread([a.tokens_per_second / b.tokens_per_second for a, b in pairs])


def fraction_of_peak(
    tokens_per_second: float, flops_per_token: float, precision: str, peaks: dict[str, float]
) -> float:
    """The share of the device's peak, in the dtype of this precision, that is useful work."""
    return tokens_per_second * flops_per_token / peaks[COMPUTE_DTYPES[precision]]


def flops_per_token(
    matrix_weights: int, layers: int, attention_width: int, lengths: Sequence[int]
) -> float:
    """Floating point operations of forward and backward for a token of items so long.

    A weight costs 2 forward and 4 backward (Kaplan et al. 2020, 2.1). A token attends to those
    before it, which are half of its item's: 2 products of `attention_width` (heads times their
    width) with each, forward once and backward twice, in every layer. What is computed again or
    for padding does not count.
    """
    attended = sum(length * length for length in lengths) / sum(lengths) / 2
    return 6 * matrix_weights + 12 * layers * attention_width * attended


def epochs_needed(
    seconds: float, flops_per_token: float, peaks: dict[str, float], epoch_tokens: int
) -> int:
    """Times over the items that no loop gets through in its time, were it as fast as the peak."""
    tokens = OVERTIME * seconds * max(peaks.values()) / flops_per_token
    return min(MOST_EPOCHS, math.ceil(tokens / epoch_tokens))


def slowest_tokens(runs: Sequence[Measured | Failed]) -> int | None:
    """What the slowest loop trained on in its time; None where all failed."""
    tokens = [run.equal_time.tokens for run in runs if isinstance(run, Measured)]
    return min(tokens, default=None)
