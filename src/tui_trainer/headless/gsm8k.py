"""`tui-trainer gsm8k`: the loop of the GSM8K screen, from the very same generator."""

import argparse
import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tui_trainer.closed import closed
from tui_trainer.engine.data.problems import load_problems
from tui_trainer.engine.start import make_engine
from tui_trainer.errors import UnfinishedError
from tui_trainer.grace import ends_in_time
from tui_trainer.headless import held_out
from tui_trainer.headless.alerts import tell_alerts
from tui_trainer.headless.arguments import (
    add_model_arguments,
    add_settings,
    configured,
    given_settings,
    whole,
)
from tui_trainer.headless.bars import StepBar
from tui_trainer.headless.evaluation import write_scores
from tui_trainer.headless.export import add_export_argument, exported_at_the_end, read_export
from tui_trainer.headless.halts import Waiting
from tui_trainer.headless.interrupts import whole_steps
from tui_trainer.headless.output import Output
from tui_trainer.headless.recorded import (
    Order,
    add_run_arguments,
    checkpoint_line,
    describe_checkpoint,
    read_order,
    saved_where_it_breaks_off,
    tell_run,
)
from tui_trainer.headless.session import shown_progress, tell_notes
from tui_trainer.headless.step import describe_model
from tui_trainer.reports.loop import (
    HaltReport,
    LoopReport,
    SampleReport,
    ThreadsReport,
    ValidationReport,
)
from tui_trainer.reports.runs import CheckpointReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.loop_lines import loop_lines, row_line
from tui_trainer.say import say
from tui_trainer.settings.evaluation import EvaluationSettings, held_out_from
from tui_trainer.settings.presets import PRESETS, TUTORIAL, differing, nearest_preset
from tui_trainer.settings.train import TrainSettings
from tui_trainer.terminal_text import visible
from tui_trainer.words.memory import describe_need
from tui_trainer.words.numbers import counted, learning_rate, nats, per_second, percent, seconds_of
from tui_trainer.words.table import TextColumn, heading, row
from tui_trainer.words.threads import describe_threads

if TYPE_CHECKING:
    from tui_trainer.headless.arguments import Flags

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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Run the training loop over question/answer items, one update an item, and "
        "print each step as it is made. The loss is the one before the step's update."
    )
    add_loop_arguments(parser)
    add_run_arguments(parser)
    parser.add_argument(
        "--evaluate",
        type=whole,
        metavar="N",
        help="as eval does, score greedy answers to N held-out problems before and after the run",
    )
    add_export_argument(parser)
    add_model_arguments(parser)
    parser.set_defaults(run=run)


def add_loop_arguments(parser: "Flags") -> None:
    """The preset and every setting of the loop, which `read_arguments` reads."""
    parser.add_argument(
        "--preset",
        choices=tuple(PRESETS),
        default=argparse.SUPPRESS,
        help="tutorial (the default): the notebook's loop, items in order, batch 1, every token "
        "counted; tuned: the same items faster, in full rows; tuned-cuda: longer rows, for a GPU; "
        "other flags change each",
    )
    add_settings(parser, TrainSettings)


def read_arguments(arguments: argparse.Namespace) -> TrainSettings:
    """The preset with what is configured and what other flags change in it; InputError where that
    cannot be meant."""
    base = configured(arguments).training(getattr(arguments, "preset", None))
    return replace(base, **given_settings(TrainSettings, arguments))


def read_evaluation(number: int | None, training: TrainSettings) -> EvaluationSettings | None:
    """What to evaluate before and after the run; None where that is not asked for."""
    return None if number is None else replace(held_out_from(training), items=number)


def run(arguments: argparse.Namespace, output: Output) -> None:
    order = read_order(arguments, read_arguments(arguments))
    if order.done:
        say(order.done)
        return
    with ends_in_time(order.settings.grace, order.choice):
        _run(arguments, output, order)


def _run(arguments: argparse.Namespace, output: Output, order: Order) -> None:
    settings = order.settings
    evaluation = read_evaluation(arguments.evaluate, settings)
    target = read_export(arguments, order.choice, items=True)
    with shown_progress() as progress:
        # A path mistyped is told at once, not after a large model was loaded.
        load_problems(settings.problems, limit=1, progress=progress)
        engine = make_engine(progress)
        status = engine.load_model(order.choice)
        tell_notes(status)
        if order.checkpoint is None:
            steps = engine.train(settings, record=order.record, job=order.job)
        else:
            checkpoint = str(order.checkpoint)
            steps = engine.resume(checkpoint, settings, record=order.record, job=order.job)
        before = None if evaluation is None else engine.evaluate(evaluation)
    if not output.as_json:
        output.text(describe_model(status))
        output.text(describe_loop(settings))
        if (estimate := engine.memory_estimate()) is not None:
            output.text(f"the run {describe_need(estimate)}")
    reports = whole_steps(tell_run(output, engine, steps))
    with (
        exported_at_the_end(output, engine, target),
        saved_where_it_breaks_off(output, engine, record=order.record),
    ):
        if evaluation is None or before is None:
            _write_steps(output, reports, settings)
        else:
            first = write_scores(output, before, evaluation)
            _write_steps(output, reports, settings)
            compared = None if first is None else first.items
            write_scores(output, engine.evaluate(evaluation), evaluation, compared)


def _write_steps(output: Output, reports: Iterator[LoopReport], settings: TrainSettings) -> None:
    """A line for each of `reports`, and what the steps came to, also where they break off."""
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
                if isinstance(report, StepReport):
                    total.add(report)
                    for note in report.notes:
                        say(note)
                    if report.step == 1:
                        _note_fewer(settings, "items", report.items, settings.items)
                elif isinstance(report, ValidationReport):
                    validations.append(report)
                    if report.step == 0:
                        asked = settings.validation_items
                        _note_fewer(settings, "held-out items", report.items, asked)
    finally:
        bar.close()
        if total.losses and not output.as_json:
            for line in (*summary(total), *held_out.summary(validations)):
                output.text(line)
    if total.checkpoint is not None and total.checkpoint.failure is not None:
        raise UnfinishedError(f"The last weights are not saved: {total.checkpoint.failure}")


def _note_fewer(settings: TrainSettings, what: str, items: int, asked: int) -> None:
    if items < asked:
        say(f"{settings.problems} has {items:,} {what}, fewer than {asked:,}.")


def _write_report(output: Output, report: LoopReport) -> None:
    """One step, one measurement or some samples; nothing where one of them is under way."""
    checkpoint = report.checkpoint if isinstance(report, StepReport) else None
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


def mean(losses: Sequence[float]) -> float | None:
    """Of those that are finite; None without one."""
    finite = [loss for loss in losses if math.isfinite(loss)]
    return sum(finite) / len(finite) if finite else None
