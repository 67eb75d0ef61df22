"""What the bench measured, as tables for people."""

from collections.abc import Iterator, Sequence

from tui_trainer.reports.bench import Machine
from tui_trainer.reports.bench_figures import COMPUTE_DTYPES, Spread
from tui_trainer.reports.bench_result import BenchHead, BenchResult, LoopResult, Moment
from tui_trainer.settings.bench import NOTEBOOK, PEERS
from tui_trainer.terminal_text import visible, visible_source
from tui_trainer.words.numbers import byte_count, counted, nats, percent
from tui_trainer.words.table import TextColumn, table
from tui_trainer.words.times import moment

LOOP_COLUMN = TextColumn("loop", 11, left=True)
SPEED_COLUMNS = (
    LOOP_COLUMN,
    TextColumn("runs", 4),
    TextColumn("compute", 7, left=True),
    TextColumn("tokens/s", 8),
    TextColumn("lowest", 8),
    TextColumn("highest", 8),
    TextColumn("of peak", 7),
    TextColumn("peak memory", 11),
)
PHASE_COLUMNS = (
    TextColumn("ms a step", 11, left=True),
    TextColumn("data", 7),
    TextColumn("forward", 8),
    TextColumn("backward", 8),
    TextColumn("optimizer", 9),
    TextColumn("other", 7),
    TextColumn("step", 8),
    TextColumn("tokens", 7),
)
HELD_OUT_COLUMNS = (
    TextColumn("held-out loss", 13, left=True),
    TextColumn("equal time", 10),
    TextColumn("seconds", 7),
    TextColumn("tokens", 9),
    TextColumn("equal tokens", 12),
    TextColumn("seconds", 7),
    TextColumn("tokens", 9),
)
WARM_UP_COLUMNS = (
    TextColumn("warm-up, not timed", 18, left=True),
    TextColumn("seconds", 8),
    TextColumn("steps", 6),
    TextColumn("tokens", 8),
)
NONE = "-"
PEAK_DTYPES = tuple(dict.fromkeys(COMPUTE_DTYPES.values()))
NAME_CHARACTERS = 60
REASON_CHARACTERS = 300


def report_lines(result: BenchResult) -> Iterator[str]:
    """What was measured on what, speed, phases, held-out loss, ratios, and what failed."""
    yield from head_lines(result.head)
    yield ""
    yield from table(SPEED_COLUMNS, map(speed_cells, result.loops))
    ran = [loop for loop in result.loops if loop.failed is None]
    if ran:
        yield ""
        yield from table(PHASE_COLUMNS, map(phase_cells, ran))
        yield ""
        yield f"before training: {format_loss(result.head.held_out_loss_before)} nats a token"
        yield from table(HELD_OUT_COLUMNS, map(held_out_cells, ran))
        yield from warm_up_lines(ran)
        yield from threads_lines(ran, result.head.machine.threads)
    if len(result.loops) > 1:
        yield ""
        yield from ratio_lines(result.loops)
    yield from failure_lines(result.loops)


def head_lines(head: BenchHead) -> Iterator[str]:
    settings = head.settings
    yield (
        f"{visible_source(head.model, NAME_CHARACTERS)}: "
        f"{visible(head.architecture, limit=NAME_CHARACTERS)}, {head.parameters:,} parameters, "
        f"{visible(head.device, limit=NAME_CHARACTERS)}, precision "
        f"{visible(head.precision, limit=NAME_CHARACTERS)}"
        f"{', deterministic' if head.deterministic else ''}"
    )
    yield (
        f"{visible_source(settings.problems, NAME_CHARACTERS)}: "
        f"the first {settings.items:,} items, the next {settings.held_out:,} held out; "
        f"{settings.rounds} rounds of {settings.seconds:g} s a loop"
    )
    yield f"{moment(head.started)}, {describe_machine(head.machine)}"
    peaks = [
        f"{dtype} {format_flops(head.peaks[dtype])}" for dtype in PEAK_DTYPES if dtype in head.peaks
    ]
    yield f"peak of a matrix product: {', '.join(peaks)}"


def describe_machine(machine: Machine) -> str:
    names = [machine.cpu] if machine.gpu is None else [machine.gpu, machine.cpu]
    processors = ", ".join(visible(name, limit=NAME_CHARACTERS) for name in names)
    return (
        f"{processors}, {counted(machine.cores, 'core')}, "
        f"{counted(machine.threads, 'thread')}, torch {visible(machine.torch, limit=20)}"
    )


def speed_cells(loop: LoopResult) -> tuple[str, ...]:
    runs = f"{loop.runs}/{loop.rounds}"
    if loop.failed is not None:
        return loop.loop, runs, "failed", *[NONE] * 5
    rates = loop.tokens_per_second, loop.tokens_per_second_low, loop.tokens_per_second_high
    share = loop.fraction_of_peak
    return (
        loop.loop,
        runs,
        loop.precision or NONE,
        *(_number(rate, 0) for rate in rates),
        NONE if share is None else percent(share, 1),
        byte_count(loop.peak_memory_bytes),
    )


def phase_cells(loop: LoopResult) -> tuple[str, ...]:
    phases = loop.phases_ms
    if phases is None:
        return loop.loop, *[NONE] * 7
    times = phases.data, phases.forward, phases.backward, phases.optimizer, phases.other
    return (
        loop.loop,
        *(_number(milliseconds, 1) for milliseconds in (*times, phases.step)),
        _number(loop.step_tokens, 0),
    )


def _number(value: float | None, decimals: int) -> str:
    return NONE if value is None else f"{value:,.{decimals}f}"


def warm_up_lines(loops: Sequence[LoopResult]) -> Iterator[str]:
    """How long each loop took to run as fast as it then does: its blocks are compiled meanwhile."""
    if told := [loop for loop in loops if loop.warm_up is not None]:
        yield ""
        yield from table(WARM_UP_COLUMNS, map(warm_up_cells, told))


def threads_lines(loops: Sequence[LoopResult], most: int) -> Iterator[str]:
    """Which loops had fewer threads than the machine has for them, run by run."""
    told = [loop for loop in loops if any(0 < threads < most for threads in loop.threads or ())]
    if told:
        yield ""
        each = (" ".join((loop.loop, *map(str, loop.threads or ()))) for loop in told)
        yield f"fewer threads, since others use this machine: {', '.join(each)}"


def warm_up_cells(loop: LoopResult) -> tuple[str, ...]:
    warm_up = loop.warm_up
    if warm_up is None:
        return loop.loop, *[NONE] * 3
    return loop.loop, f"{warm_up.seconds:,.1f}", f"{warm_up.steps:,}", f"{warm_up.tokens:,}"


def held_out_cells(loop: LoopResult) -> tuple[str, ...]:
    return (
        loop.loop,
        *moment_cells(loop.held_out_equal_time),
        *moment_cells(loop.held_out_equal_tokens),
    )


def moment_cells(moment: Moment | None) -> tuple[str, str, str]:
    if moment is None:
        return NONE, NONE, NONE
    return format_loss(moment.loss), f"{moment.seconds:.1f}", f"{moment.tokens:,}"


def format_loss(loss: float | None) -> str:
    """In nats; a loss that diverged has none."""
    return "not finite" if loss is None else nats(loss)


def ratio_lines(loops: Sequence[LoopResult]) -> Iterator[str]:
    """Each loop against the notebook's, and this program's against the peers."""
    for other in loops:
        if other.loop not in (NOTEBOOK, *PEERS):
            continue
        for loop in loops:
            ours = loop.loop not in (NOTEBOOK, *PEERS)
            if loop is not other and (ours or other.loop == NOTEBOOK):
                found = ratio_between(loop, other)
                yield f"{f'{loop.loop} / {other.loop}':<25} {describe_ratio(found)}"


def ratio_between(loop: LoopResult, other: LoopResult) -> Spread | None:
    """None where either failed, whatever a file says."""
    if loop.failed is not None or other.failed is not None or loop.ratios is None:
        return None
    return loop.ratios.get(other.loop)


def describe_ratio(spread: Spread | None) -> str:
    if spread is None:
        return "no ratio: one of them failed"
    return f"{spread.median:.2f} times the tokens/s ({spread.low:.2f} to {spread.high:.2f})"


def failure_lines(loops: Sequence[LoopResult]) -> Iterator[str]:
    """Why each loop failed that did."""
    for loop in loops:
        if loop.failed is not None:
            why = visible(loop.failed, newline=" ", limit=REASON_CHARACTERS)
            yield f"{loop.loop} failed: {why}"


def format_flops(flops: float) -> str:
    """`291 GFLOP/s`."""
    return f"{flops / 1e12:,.0f} TFLOP/s" if flops >= 1e13 else f"{flops / 1e9:,.0f} GFLOP/s"
