"""The figures of a GSM8K run as lines that stand still while it goes; no widget."""

from tui_trainer.engine.reports import StepReport
from tui_trainer.runs.loss_series import LossSeries
from tui_trainer.widgets.run_clock import RunClock
from tui_trainer.words.numbers import (
    byte_count,
    duration,
    nats,
    nats_cell,
    percent,
    progress_bar,
    rate,
)

BAR_WIDTH = 40
NARROW_BAR_WIDTH = 12


def describe_progress(
    state: str, report: StepReport, clock: RunClock, *, live: bool, narrow: bool
) -> str:
    """How far the run is, and at what pace; a run that is not `live` has no time left."""
    share = report.step / report.steps
    width = NARROW_BAR_WIDTH if narrow else BAR_WIDTH
    left = clock.seconds_left(report.steps - report.step) if live else None
    total = f"{report.steps:,}"
    step = f"{report.step:,}".rjust(max(5, len(total)))  # so that the figures after it stay put
    return (
        f"{state:<8} {progress_bar(share, width)} {step}/{total} {percent(share):>4} "
        f"{rate(clock.steps_per_second)} steps/s "
        f"{duration(clock.seconds)} gone {duration(left)} left"
    )


def describe_numbers(report: StepReport, series: LossSeries, clock: RunClock) -> str:
    """The losses of the run, its rate and its memory."""
    return (
        f"loss {nats_cell(report.loss)}  avg {nats_cell(series.smoothed)}  "
        f"first {nats_cell(series.first)}  best {nats_cell(series.best)} "
        f"{clock.tokens_per_second:>7,.0f} tok/s {byte_count(report.memory_bytes):>8}"
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
