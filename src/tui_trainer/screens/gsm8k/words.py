"""The figures of a GSM8K run as lines that stand still while it goes; no widget."""

from textual.content import Content

from tui_trainer.protocol.events import LoopState
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.series import Series
from tui_trainer.screens.gsm8k.run_on_show import RunOnShow
from tui_trainer.session.saved_run import SavedRun
from tui_trainer.settings.train import TrainSettings
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.progress_line import progress_line
from tui_trainer.widgets.run_clock import RunClock
from tui_trainer.words.costs import describe_saves
from tui_trainer.words.diverging import REMEDY, diverges
from tui_trainer.words.numbers import (
    byte_count,
    counted,
    duration,
    learning_rate,
    nats,
    nats_cell,
    percent,
    rate,
    so_far,
    tokens_per_second,
)
from tui_trainer.words.runs import NAME_CHARACTERS
from tui_trainer.words.signs import RIGHT, STATES, WARNING

BARS = 4, 40
"""The shortest and the longest."""
STATE_WIDTH = 9
Part = str | tuple[str, str] | Content

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


def describe_state(state: LoopState) -> tuple[str, str]:
    """Its sign and its name, as wide as the others' where there are no more letters than that."""
    words, style = STATES[state]
    return f"{words:<{STATE_WIDTH}}", f"bold {style}".strip()


def describe_first_step(state: LoopState, step: int, seconds: float | None, more: str) -> Content:
    """Before there is a report: `step 1, 8 s`, and what was asked for or what the run needs."""
    making = "" if seconds is None else f"step {step:,}, {so_far(seconds)}"
    told = " · ".join(filter(None, (making, more)))
    return Content.assemble(describe_state(state), f"  {told}".rstrip())


def describe_progress(
    state: LoopState,
    report: StepReport,
    clock: RunClock,
    width: int,
    *,
    live: bool,
    asked: str = "",
    saved: Part = "",
) -> Content:
    """How far the run is, and at what pace; a run that is not `live` has no time left.

    What was `asked` for stands in the place of the pace; `saved` at the end, where there is room.
    """
    share = report.step / report.steps
    total = f"{report.steps:,}"
    step = f"{report.step:,}".rjust(max(5, len(total)))  # so that the figures after it stay put
    made = Content.assemble(" ", (step, "bold"), f"/{total} {percent(share):>4} ")
    pace = f"{rate(clock.steps_per_second)} steps/s {duration(clock.seconds)} gone"
    if live:
        pace += f" {duration(clock.seconds_left(report.steps - report.step))} left"
    told = Content.assemble(made, f" {asked}" if asked else pace)
    sign = Content.assemble(describe_state(state), " ")
    room = width - sign.cell_length - told.cell_length
    end = Content.assemble("   ", saved)
    if room >= BARS[1] + end.cell_length:
        told = told + end
    bar = progress_line(share, max(BARS[0], min(room, BARS[1])))
    return sign + bar + told


def describe_saved(saved: SavedRun | None) -> Part:
    """How many of the run's steps no checkpoint has, or that there are none."""
    if saved is None or not saved.step:
        return ""
    if saved.is_deleted:
        return WARNING.said("its run was deleted")
    if saved.unsaved:
        return describe_unsaved(saved)
    return RIGHT.said("saved")


def describe_unsaved(saved: SavedRun) -> tuple[str, str]:
    """Of the run's own steps: the weights may have more updates that no file has."""
    return WARNING.said(f"{counted(saved.unsaved, 'step')} unsaved")


def describe_risk(saved: SavedRun | None, settings: TrainSettings) -> Content:
    """That a run which goes saves nothing by itself before its end, while it has what is unsaved:
    killed, it would lose all of it."""
    if saved is None or not saved.unsaved or settings.checkpoint_every:
        return Content("")
    return Content.assemble(WARNING.said(describe_saves(settings)))


def describe_numbers(
    report: StepReport,
    series: Series,
    clock: RunClock,
    *,
    way: Part,
    validation: Content,
    memory: str,
    width: int,
) -> Content:
    """The losses of the run, its learning rate, its memory, its rate and the norm of its gradients,
    as much as has room.

    `way` is where the average goes, `validation` the last measurement, `memory` whose it is.
    """
    measured = Content.assemble("val ", validation) if validation else Content("")
    parts = [
        Content.assemble("loss ", (nats_cell(report.loss), "bold")),
        Content.assemble("avg ", (nats_cell(series.smoothed), "bold"), way),
        measured.pad_right(max(0, 20 - measured.cell_length)) if measured else measured,
        Content(f"lr {learning_rate(report.lr, 2):<7}"),
        Content(f"{memory} {byte_count(report.memory_bytes):>8}"),
        Content(tokens_per_second(clock.tokens_per_second)),
        Content(f"grad {nats_cell(report.grad_norm)}"),
        Content("clipped" * report.clipped),
    ]
    line = Content("")
    for part in filter(None, parts):
        longer = line + "  " + part if line else part
        line = longer if longer.cell_length <= width else line
    return line


def describe_end(run: RunOnShow, series: Series, saved: SavedRun | None, following: str) -> str:
    """What the run came to, what of it is `saved`, and what can be done now; `following` are the
    settings of the next run, where those are others."""
    how, report, clock, clipped = run.ended, run.report, run.clock, run.clipped
    if report is None:
        return f"{how} before the first step."
    why = f" {visible(run.why_ended)}" if run.why_ended else ""
    others = f" with {following}" if following else ""
    return (
        f"{how}: {report.step:,} of {report.steps:,} steps, {clock.tokens:,} tokens, "
        f"{duration(clock.seconds).strip()}; loss {nats(series.first)} → {nats(series.last)}, "
        f"moving average at the end {nats(series.smoothed)}{without(series)}"
        f"{f'; {clipped:,} steps clipped' if clipped else ''}."
        f"{why}{describe_diverged(series)}\n"
        f"{describe_kept(saved)} space starts another run{others}."
    )


def describe_diverged(series: Series) -> str:
    """That its numbers are those of a model that has forgotten all, where they are."""
    diverged = diverges(series.first, series.smoothed) or diverges(series.first, series.last)
    return f" {WARNING.mark} {REMEDY.capitalize()}." if diverged else ""


def describe_kept(saved: SavedRun | None) -> str:
    """Whether a file has the weights that a run ended with, and which."""
    if saved is not None and saved.is_deleted:
        return "Its run was deleted, and its checkpoints with it."
    if saved is None or saved.unsaved:
        return "No file has its weights: c saves them."
    return f"Saved: step {saved.step:,} of {visible(saved.name, limit=NAME_CHARACTERS)} (6)."


def without(series: Series) -> str:
    """What an average leaves out, where it does."""
    left_out = series.not_finite
    return f" without the {left_out:,} that are not finite" if left_out else ""


def memory_name(status: LearnerStatus | None) -> str:
    """Whose memory it is that a run takes."""
    return "RAM" if status is None or status.model.device == "cpu" else "GPU"
