"""The figures of a GSM8K run as lines that stand still while it goes; no widget."""

from tui_trainer.protocol.events import LoopState
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.loss_series import LossSeries
from tui_trainer.widgets.run_clock import RunClock
from tui_trainer.words.numbers import (
    byte_count,
    counted,
    duration,
    nats,
    nats_cell,
    percent,
    progress_bar,
    rate,
    so_far,
    tokens_per_second,
)

BAR_WIDTH = 40
NARROW_BAR_WIDTH = 12


ASKED = {
    LoopState.RUNNING: "going on",
    LoopState.PAUSED: "pausing",
    LoopState.STOPPED: "stopping",
}


def describe_asked(
    state: LoopState | None, steps: int, seconds: float | None, *, saving: bool
) -> str:
    """What waits for the step that has taken so long: `pausing after this step, 12 s`.

    Empty where nothing was asked for.
    """
    what = [ASKED[state]] if state is not None else []
    what += ["saving"] * saving
    if what:
        after = "" if seconds is None else f" after this step, {so_far(seconds)}"
        return f"{' and '.join(what)}{after}"
    taken = "" if seconds is None else f", {so_far(seconds)}"
    return f"{counted(steps, 'step')} to make{taken}" if steps else ""


def describe_first_step(state: str, step: int, seconds: float | None, more: str) -> str:
    """Before there is a report: `step 1, 8 s`, and what was asked for or what the run needs."""
    making = "" if seconds is None else f"step {step:,}, {so_far(seconds)}"
    return f"{state:<8} {' · '.join(filter(None, (making, more)))}".rstrip()


def describe_progress(
    state: str, report: StepReport, clock: RunClock, *, live: bool, narrow: bool, asked: str = ""
) -> str:
    """How far the run is, and at what pace; a run that is not `live` has no time left.

    What was `asked` for stands in the place of the pace.
    """
    share = report.step / report.steps
    width = NARROW_BAR_WIDTH if narrow else BAR_WIDTH
    left = clock.seconds_left(report.steps - report.step) if live else None
    total = f"{report.steps:,}"
    step = f"{report.step:,}".rjust(max(5, len(total)))  # so that the figures after it stay put
    made = f"{state:<8} {progress_bar(share, width)} {step}/{total} {percent(share):>4} "
    if asked:
        return f"{made} {asked}"
    return (
        f"{made}{rate(clock.steps_per_second)} steps/s "
        f"{duration(clock.seconds)} gone {duration(left)} left"
    )


def describe_numbers(report: StepReport, series: LossSeries, clock: RunClock) -> str:
    """The losses of the run, its rate and its memory."""
    return (
        f"loss {nats_cell(report.loss)}  avg {nats_cell(series.smoothed)}  "
        f"first {nats_cell(series.first)}  best {nats_cell(series.best)} "
        f"{tokens_per_second(clock.tokens_per_second)} {byte_count(report.memory_bytes):>8}"
    )


def describe_end(
    how: str, report: StepReport | None, series: LossSeries, clock: RunClock, *, saved: bool
) -> str:
    """What the run came to, whether its last weights are `saved`, and what can be done now."""
    if report is None:
        return f"{how} before the first step."
    kept = "Its checkpoint is saved." if saved else "No file has its weights: c saves them."
    return (
        f"{how}: {report.step:,} of {report.steps:,} steps, {clock.tokens:,} tokens, "
        f"{duration(clock.seconds).strip()}; loss {nats(series.first)} → "
        f"{nats(series.smoothed)} (average{without(series)}).\n"
        f"{kept} space starts another run."
    )


def without(series: LossSeries) -> str:
    """What an average leaves out, where it does."""
    left_out = series.not_finite
    return f" without the {left_out:,} that are not finite" if left_out else ""
