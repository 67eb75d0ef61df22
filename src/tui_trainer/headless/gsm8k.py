"""`tui-trainer gsm8k`: the loop of the GSM8K screen, from the very same generator."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tui_trainer.engine.problems import load_problems
from tui_trainer.engine.reports import StepReport
from tui_trainer.engine.settings import TrainSettings
from tui_trainer.headless.arguments import (
    add_command,
    add_model_arguments,
    model_choice,
)
from tui_trainer.headless.bars import StepBar
from tui_trainer.headless.output import Json, Output
from tui_trainer.headless.session import make_engine, shown_progress
from tui_trainer.headless.step import add_training_arguments, describe_model
from tui_trainer.headless.table import Column, heading, row
from tui_trainer.terminal_text import visible

if TYPE_CHECKING:
    from tui_trainer.headless.arguments import Commands

DEFAULTS = TrainSettings()
COLUMNS = (
    Column("step", 6),
    Column("loss", 10),
    Column("tokens", 7),
    Column("lr", 8),
    Column("seconds", 8),
    Column("tokens/s", 9),
    Column("", 0, left=True),
)


def add(commands: "Commands") -> None:
    parser = add_command(
        commands,
        "gsm8k",
        "train on question/answer problems",
        "Run the training loop over question/answer items, one update an item, and "
        "print each step as it is made. The loss is the one before the step's update.",
    )
    add_problem_arguments(parser)
    parser.add_argument(
        "--preset",
        choices=("tutorial",),
        default="tutorial",
        help="tutorial: the notebook's loop (items in order, batch 1, every token counted)",
    )
    add_training_arguments(parser)
    add_model_arguments(parser)
    parser.set_defaults(run=run)


def add_problem_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--problems",
        metavar="SOURCE",
        default=DEFAULTS.problems,
        help="builtin (the default), a .jsonl or .parquet file, or a Hub data set as repo:config",
    )
    parser.add_argument(
        "--items",
        type=int,
        default=DEFAULTS.items,
        metavar="N",
        help=f"how many, in the order of the source ({DEFAULTS.items})",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=DEFAULTS.seed,
        help=f"for the built-in problems and for dropout ({DEFAULTS.seed})",
    )


def run(arguments: argparse.Namespace, output: Output) -> None:
    settings = TrainSettings(
        problems=arguments.problems,
        items=arguments.items,
        lr=arguments.lr,
        optimizer=arguments.optimizer,
        seed=arguments.seed,
    )
    choice = model_choice(arguments)
    with shown_progress() as progress:
        # A path mistyped is told at once, not after a large model was loaded.
        load_problems(settings.problems, limit=1, progress=progress)
        engine = make_engine(progress)
        status = engine.load_model(choice)
        steps = engine.train(settings)
    if not output.as_json:
        output.text(describe_model(status))
        output.text(f"{visible(settings.problems)}: {settings.optimizer}, lr {settings.lr:g}")
    _write_steps(output, steps, settings)


def _write_steps(output: Output, steps: Iterable[StepReport], settings: TrainSettings) -> None:
    if not output.as_json:
        output.text(heading(COLUMNS))
    bar = StepBar(settings.items)
    reports: list[StepReport] = []
    try:
        for report in steps:
            bar.hide()
            if report.step == 1 and report.steps < settings.items:
                _note_fewer(settings, report.steps)
            _write_step(output, report)
            bar.show(report)
            reports.append(report)
    finally:
        bar.close()
    if not output.as_json:
        for line in summary(reports):
            output.text(line)


def _note_fewer(settings: TrainSettings, steps: int) -> None:
    name = visible(settings.problems)
    print(
        f"tui-trainer: {name} has {steps:,} items, fewer than {settings.items:,}.", file=sys.stderr
    )


def _write_step(output: Output, report: StepReport) -> None:
    if output.as_json:
        output.json(step_line(report))
    else:
        output.text(row(COLUMNS, step_cells(report)))


def step_line(report: StepReport) -> dict[str, Json]:
    """The JSON of one step."""
    return {
        "step": report.step,
        "loss": report.loss,
        "tokens": report.tokens,
        "lr": report.lr,
        "seconds": report.seconds,
    }


def step_cells(report: StepReport) -> tuple[str, ...]:
    return (
        str(report.step),
        f"{report.loss:.4f}",
        f"{report.tokens:,}",
        f"{report.lr:g}",
        f"{report.seconds:.3f}",
        f"{report.tokens / report.seconds:,.0f}",
        "cut to the model's context" if report.truncated else "",
    )


def summary(reports: list[StepReport]) -> Iterator[str]:
    """What the whole loop did: its time, and how the mean loss moved from its start to its end."""
    tokens = sum(report.tokens for report in reports)
    seconds = sum(report.seconds for report in reports)
    yield ""
    rate = tokens / seconds
    yield f"{len(reports):,} steps, {tokens:,} tokens in {seconds:.1f} s ({rate:,.0f} tokens/s)"
    tenth = max(1, len(reports) // 10)
    first, last = _mean_loss(reports[:tenth]), _mean_loss(reports[-tenth:])
    if tenth == 1:
        yield f"loss: {first:.4f} at the first step, {last:.4f} at the last"
    else:
        yield f"loss: mean of the first {tenth} steps {first:.4f}, of the last {tenth} {last:.4f}"


def _mean_loss(reports: list[StepReport]) -> float:
    return sum(report.loss for report in reports) / len(reports)
