"""What the bench measured, as tables for people."""

from collections.abc import Iterator, Sequence

from tui_trainer.engine.bench.figures import LoopFigures, Spread, fraction_of_peak, ratio
from tui_trainer.engine.bench.reports import HeldOut, Prepared
from tui_trainer.engine.bench.settings import NOTEBOOK, PEERS, BenchSettings
from tui_trainer.headless.table import Column, format_bytes, table
from tui_trainer.terminal_text import visible

LOOP = Column("loop", 11, left=True)
SPEED = (
    LOOP,
    Column("runs", 4),
    Column("compute", 7, left=True),
    Column("tokens/s", 8),
    Column("lowest", 8),
    Column("highest", 8),
    Column("of peak", 7),
    Column("peak memory", 11),
)
PHASES = (
    Column("ms a step", 11, left=True),
    Column("data", 7),
    Column("forward", 8),
    Column("backward", 8),
    Column("optimizer", 9),
    Column("other", 7),
    Column("step", 8),
    Column("tokens", 7),
)
HELD_OUT = (
    Column("held-out loss", 13, left=True),
    Column("equal time", 10),
    Column("seconds", 7),
    Column("tokens", 9),
    Column("equal tokens", 12),
    Column("seconds", 7),
    Column("tokens", 9),
)
NONE = "-"


def report_lines(
    settings: BenchSettings, prepared: Prepared, figures: Sequence[LoopFigures]
) -> Iterator[str]:
    """Speed, phases, held-out loss, ratios."""
    yield (
        f"{visible(prepared.name)}: {visible(prepared.architecture)}, "
        f"{prepared.parameters:,} parameters, {prepared.device}"
    )
    yield (
        f"{visible(settings.problems)}: the first {settings.items:,} items, the next "
        f"{settings.held_out:,} held out; {settings.rounds} rounds of {settings.seconds:g} s a loop"
    )
    peaks = ", ".join(f"{dtype} {format_flops(peak)}" for dtype, peak in prepared.peaks.items())
    yield f"peak of a matrix product: {peaks}"
    yield ""
    yield from table(SPEED, [speed_cells(loop, prepared) for loop in figures])
    ran = [loop for loop in figures if loop.failed is None]
    if not ran:
        return
    yield ""
    yield from table(PHASES, map(phase_cells, ran))
    yield ""
    yield f"before training: {prepared.held_out_loss:.4f} nats a token"
    yield from table(HELD_OUT, map(held_out_cells, ran))
    yield ""
    yield from ratio_lines(figures)


def speed_cells(figures: LoopFigures, prepared: Prepared) -> tuple[str, ...]:
    runs = f"{len(figures.runs)}/{figures.asked}"
    if figures.failed is not None:
        return figures.loop, runs, "failed", *[NONE] * 5
    rate = figures.tokens_per_second
    share = fraction_of_peak(
        rate.median, prepared.flops_per_token, figures.precision, prepared.peaks
    )
    return (
        figures.loop,
        runs,
        figures.precision,
        f"{rate.median:,.0f}",
        f"{rate.low:,.0f}",
        f"{rate.high:,.0f}",
        f"{share:.1%}",
        format_bytes(figures.peak_memory_bytes),
    )


def phase_cells(figures: LoopFigures) -> tuple[str, ...]:
    phases = figures.phases
    return (
        figures.loop,
        *(
            f"{milliseconds:,.1f}"
            for milliseconds in (
                phases.data,
                phases.forward,
                phases.backward,
                phases.optimizer,
                phases.other,
                phases.step,
            )
        ),
        f"{figures.step_tokens:,.0f}",
    )


def held_out_cells(figures: LoopFigures) -> tuple[str, ...]:
    return (
        figures.loop,
        *moment_cells(figures.equal_time),
        *moment_cells(figures.equal_tokens),
    )


def moment_cells(moment: HeldOut | None) -> tuple[str, str, str]:
    if moment is None:
        return NONE, NONE, NONE
    return f"{moment.loss:.4f}", f"{moment.seconds:.1f}", f"{moment.tokens:,}"


def ratio_lines(figures: Sequence[LoopFigures]) -> Iterator[str]:
    """Each loop against the notebook's, and this program's against the peers."""
    for other in figures:
        if other.loop not in (NOTEBOOK, *PEERS):
            continue
        for loop in figures:
            ours = loop.loop not in (NOTEBOOK, *PEERS)
            if loop is not other and (ours or other.loop == NOTEBOOK):
                yield f"{f'{loop.loop} / {other.loop}':<25} {describe_ratio(ratio(loop, other))}"


def describe_ratio(spread: Spread | None) -> str:
    if spread is None:
        return "no ratio: one of them failed"
    return f"{spread.median:.2f} times the tokens/s ({spread.low:.2f} to {spread.high:.2f})"


def format_flops(flops: float) -> str:
    """`291 GFLOP/s`."""
    return f"{flops / 1e12:,.0f} TFLOP/s" if flops >= 1e13 else f"{flops / 1e9:,.0f} GFLOP/s"
