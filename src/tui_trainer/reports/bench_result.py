"""What came of a bench, as it is printed and kept: plain values, no torch here."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tui_trainer.reports.bench import HeldOut, Machine, Phases, Prepared, WarmUp
from tui_trainer.reports.bench_figures import (
    COMPUTE_DTYPES,
    LoopFigures,
    Spread,
    fraction_of_peak,
    ratio,
)
from tui_trainer.settings.bench import BenchSettings

FORMAT = 1


@dataclass(frozen=True)
class BenchHead:
    """What all loops of a bench have in common."""

    started: str
    """ISO 8601, with the time zone."""
    machine: Machine
    model: str
    architecture: str
    parameters: int
    device: str
    precision: str
    """What was asked for: with `auto` each loop has its own."""
    settings: BenchSettings
    peaks: dict[str, float]
    """Floating point operations a second of a large matrix product, by dtype."""
    held_out_loss_before: float | None
    event: str = "bench"
    format: int = FORMAT
    deterministic: bool = False
    """Whether the loops took only kernels that give the same bits each time."""


@dataclass(frozen=True)
class Moment:
    """The held-out loss at one moment of a run; None where it was not finite."""

    loss: float | None
    tokens: int
    seconds: float


@dataclass(frozen=True)
class LoopResult:
    """One loop; every figure is None where it failed. A line of `--json` has these names."""

    loop: str
    model: str
    parameters: int
    device: str
    rounds: int
    """How often it was to run."""
    runs: int
    """How often it ran to its end."""
    failed: str | None
    """Why, in a sentence."""
    precision: str | None = None
    tokens_per_second: float | None = None
    tokens_per_second_low: float | None = None
    tokens_per_second_high: float | None = None
    step_tokens: float | None = None
    step_ms: float | None = None
    phases_ms: Phases | None = None
    peak_memory_bytes: int | None = None
    fraction_of_peak: float | None = None
    peak_flops: float | None = None
    held_out_loss_before: float | None = None
    held_out_equal_time: Moment | None = None
    held_out_equal_tokens: Moment | None = None
    """None where the loop did not get that far."""
    ratios: dict[str, Spread] | None = None
    """Tokens a second against each other loop that did not fail either."""
    warm_up: WarmUp | None = None
    """What was done before the clock began; None in a bench of before it was told."""
    threads: tuple[int, ...] | None = None
    """Of torch, at the end of each run; None in a bench of before it was told."""


@dataclass(frozen=True)
class BenchResult:
    """One bench."""

    head: BenchHead
    loops: tuple[LoopResult, ...]


@dataclass(frozen=True)
class BenchReport:
    """How far a bench is; the last one has what came of it."""

    run: int
    """Which run of a loop it is, from 1; 0 while the model is looked at."""
    runs: int
    round: int
    rounds: int
    loop: str
    """Empty while the model is looked at."""
    seconds: float
    """Since this run began, loading included."""
    result: BenchResult | None = None
    kept: str | None = None
    """The name of the file that it was kept in."""
    not_kept: str | None = None
    """Why it could not be kept, in a sentence."""


def conclude(head: BenchHead, prepared: Prepared, figures: Sequence[LoopFigures]) -> BenchResult:
    """All figures of a bench, and the ratios between the loops that did not fail."""
    return BenchResult(head, tuple(_loop_result(loop, prepared, figures) for loop in figures))


def _loop_result(
    figures: LoopFigures, prepared: Prepared, others: Sequence[LoopFigures]
) -> LoopResult:
    result = LoopResult(
        loop=figures.loop,
        model=prepared.name,
        parameters=prepared.parameters,
        device=prepared.device,
        rounds=figures.asked,
        runs=len(figures.runs),
        failed=figures.failed,
    )
    if figures.failed is not None:
        return result
    rate, phases, precision = figures.tokens_per_second, figures.phases, figures.precision
    return replace(
        result,
        precision=precision,
        tokens_per_second=rate.median,
        tokens_per_second_low=rate.low,
        tokens_per_second_high=rate.high,
        step_tokens=figures.step_tokens,
        step_ms=phases.step,
        phases_ms=phases,
        peak_memory_bytes=figures.peak_memory_bytes,
        fraction_of_peak=fraction_of_peak(
            rate.median, prepared.flops_per_token, precision, prepared.peaks
        ),
        peak_flops=prepared.peaks[COMPUTE_DTYPES[precision]],
        held_out_loss_before=finite(prepared.held_out_loss),
        held_out_equal_time=_moment(figures.equal_time),
        held_out_equal_tokens=_moment(figures.equal_tokens),
        ratios=dict(_ratios(figures, others)),
        warm_up=figures.warm_up,
        threads=tuple(run.threads for run in figures.runs),
    )


def finite(loss: float) -> float | None:
    """A loss as it is kept: JSON has no number for one that diverged."""
    return loss if math.isfinite(loss) else None


def _moment(held_out: HeldOut | None) -> Moment | None:
    if held_out is None:
        return None
    return Moment(finite(held_out.loss), held_out.tokens, held_out.seconds)


def _ratios(figures: LoopFigures, others: Sequence[LoopFigures]) -> Iterator[tuple[str, Spread]]:
    for other in others:
        found = ratio(figures, other)
        if other.loop != figures.loop and found is not None:
            yield other.loop, found
