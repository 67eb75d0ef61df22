"""What a training loop tells, a line a step, and what its steps came to."""

import math
from array import array
from collections.abc import Iterator, Sequence

from tui_trainer.closed import closed
from tui_trainer.errors import UnfinishedError
from tui_trainer.headless import held_out
from tui_trainer.headless.alerts import tell_alerts
from tui_trainer.headless.bars import StepBar
from tui_trainer.headless.halts import Waiting
from tui_trainer.headless.output import Output
from tui_trainer.headless.recorded import checkpoint_line, describe_checkpoint
from tui_trainer.reports.loop import (
    HaltReport,
    LoopReport,
    SampleReport,
    StopReport,
    ThreadsReport,
    ValidationReport,
    checkpoint_of,
)
from tui_trainer.reports.runs import CheckpointReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.loop_lines import loop_lines, row_line
from tui_trainer.say import say
from tui_trainer.settings.presets import PRESETS, TUTORIAL, differing, nearest_preset
from tui_trainer.settings.train import TrainSettings
from tui_trainer.terminal_text import visible
from tui_trainer.words.numbers import counted, learning_rate, nats, per_second, percent, seconds_of
from tui_trainer.words.table import TextColumn, heading, row
from tui_trainer.words.threads import describe_threads

COLUMNS = (
    TextColumn("step", 6),
    TextColumn("loss", 10),
    TextColumn("grad norm", 9),
    TextColumn("tokens", 7),
    TextColumn("lr", 8),
    TextColumn("seconds", 8),
    TextColumn("tokens/s", 9),
    TextColumn("", 0, left=True),
)


def write_steps(
    output: Output, reports: Iterator[LoopReport], settings: TrainSettings, *, sums: bool = True
) -> None:
    """A line for each of `reports`, and what the steps came to, also where they break off; without
    that unless it `sums`."""
    bar = StepBar(settings.items)
    total, waiting = Total(), Waiting()
    validations: list[ValidationReport] = []
    try:
        with closed(reports):
            for number, report in enumerate(reports):
                bar.hide()
                if number == 0 and not output.as_json:
                    output.text(heading(COLUMNS))
                _write_report(output, report)
                tell_alerts(report, bell=settings.alert_bell)
                bar.show(report)
                if isinstance(report, HaltReport):
                    waiting.wait(report)
                total.hear(report)
                _say_notes(report, settings)
                if isinstance(report, ValidationReport):
                    validations.append(report)
    finally:
        bar.close()
        if sums and total.losses and not output.as_json:
            lines = *summary(total), *held_out.summary(validations), *why_stopped(total.stopped)
            for line in lines:
                output.text(line)
    if total.checkpoint is not None and total.checkpoint.failure is not None:
        raise UnfinishedError(f"The last weights are not saved: {total.checkpoint.failure}")


def _say_notes(report: LoopReport, settings: TrainSettings) -> None:
    """What there is to know of the loop beside its numbers."""
    if isinstance(report, StepReport):
        for note in report.notes:
            say(note)
        if report.step == 1:
            _note_fewer(settings, "items", report.items, settings.items)
    elif isinstance(report, ValidationReport) and report.step == 0:
        _note_fewer(settings, "held-out items", report.items, settings.validation_items)


def _note_fewer(settings: TrainSettings, what: str, items: int, asked: int) -> None:
    if items < asked:
        say(f"{settings.problems} has {items:,} {what}, fewer than {asked:,}.")


def _write_report(output: Output, report: LoopReport) -> None:
    """One step, one measurement or some samples; nothing where one of them is under way."""
    checkpoint = checkpoint_of(report)
    if output.as_json:
        row_of_step = row_line(report) if isinstance(report, StepReport) else {}
        for line in loop_lines(report):
            output.json(line if "event" in line else line | row_of_step)
        if checkpoint is not None:
            output.json(checkpoint_line(checkpoint))
        return
    for text in describe_report(report):
        output.text(text)
    if checkpoint is not None:
        output.text(describe_checkpoint(checkpoint))


def describe_report(report: LoopReport) -> Iterator[str]:
    """The lines for people."""
    if isinstance(report, StepReport):
        yield row(COLUMNS, step_cells(report))
    elif isinstance(report, ThreadsReport):
        yield describe_change(report)
    elif isinstance(report, ValidationReport):
        yield held_out.describe_validation(report)
    elif isinstance(report, SampleReport):
        yield from held_out.describe_samples(report)


def step_cells(report: StepReport) -> tuple[str, ...]:
    return (
        str(report.step),
        nats(report.loss),
        nats(report.grad_norm),
        f"{report.tokens:,}",
        learning_rate(report.lr, 3),
        f"{report.seconds:.3f}",
        f"{per_second(report.tokens, report.seconds):,.0f}",
        describe_besides(report),
    )


def describe_change(report: ThreadsReport) -> str:
    """From which step on another number of threads computes, and why."""
    return f"{report.step:>6}  from here on {describe_threads(report.share)}"


def describe_besides(report: StepReport) -> str:
    """Whether its gradients were clipped, and whether its item, or how many of its items, were cut;
    or that it was left out."""
    if not report.applied:
        return "not applied: not finite"
    told = ["clipped"] * report.clipped
    if report.truncated:
        which = "" if report.truncated == 1 else f"{report.truncated} items "
        told.append(f"{which}cut to the model's context or row")
    return ", ".join(told)


def describe_loop(settings: TrainSettings) -> str:
    """The data, the optimizer, and every other setting that differs from the preset."""
    usual = "problems", "items", "lr", "optimizer", "seed"
    name = nearest_preset(settings)
    others = [field for field in differing(settings, PRESETS[name]) if field.name not in usual]
    line = f"{visible(settings.problems)}: {settings.optimizer}, lr {learning_rate(settings.lr)}"
    if PRESETS[name] is not TUTORIAL:
        line += f", preset {name}"
    return ", ".join([line, *(f"{field.label} {field.typed(settings)}" for field in others)])


class Total:
    """What all steps so far come to: 8 bytes a step, where its report has a whole item's texts."""

    def __init__(self) -> None:
        self.losses = array("d")
        self.tokens = self.positions = self.clipped = 0
        self.seconds = 0.0
        self.checkpoint: CheckpointReport | None = None
        """That of the last step."""
        self.stopped: StopReport | None = None
        """Why it ended before its last step."""

    def hear(self, report: LoopReport) -> None:
        if isinstance(report, StepReport):
            self.add(report)
        elif isinstance(report, StopReport):
            self.stopped, self.checkpoint = report, report.checkpoint or self.checkpoint

    def add(self, report: StepReport) -> None:
        self.checkpoint = report.checkpoint
        self.losses.append(report.loss)
        self.tokens += report.tokens
        self.positions += report.positions
        self.clipped += report.clipped
        self.seconds += report.seconds


def summary(total: Total) -> Iterator[str]:
    """What the whole loop did: its time, and how the mean loss moved from its start to its end."""
    losses, tokens, seconds = total.losses, total.tokens, total.seconds
    yield ""
    pace = per_second(tokens, seconds)
    yield (
        f"{counted(len(losses), 'step')}, {counted(tokens, 'token')} in {seconds_of(seconds)} "
        f"({pace:,.0f} tokens/s)"
    )
    if total.positions > tokens:
        useful = tokens / total.positions
        yield f"rows: {percent(useful)} useful, {percent(1 - useful)} padding or separators"
    if not losses:
        return
    tenth = max(1, len(losses) // 10)
    first, last = mean(losses[:tenth]), mean(losses[-tenth:])
    left_out = sum(not math.isfinite(loss) for loss in losses)
    besides = f"; {left_out:,} of all are not finite, and in no mean" if left_out else ""
    if tenth == 1:
        yield f"loss: {nats(first)} at the first step, {nats(last)} at the last{besides}"
    else:
        tenths = f"first {tenth:,} steps {nats(first)}, of the last {tenth:,} {nats(last)}"
        yield f"loss: mean of the {tenths}{besides}"
    if total.clipped:
        yield f"clipped: {total.clipped:,} of {counted(len(losses), 'step')}"
    if (saved := total.checkpoint) is not None and saved.failure is None:
        yield f"the weights are in {saved.name} of {visible(saved.run)}"


def why_stopped(report: StopReport | None) -> Iterator[str]:
    """The rule that ended the loop before its last step, if one did."""
    if report is not None:
        yield f"stopped after step {report.step:,}: {report.says}"


def mean(losses: Sequence[float]) -> float | None:
    """Of those that are finite; None without one."""
    finite = [loss for loss in losses if math.isfinite(loss)]
    return sum(finite) / len(finite) if finite else None
