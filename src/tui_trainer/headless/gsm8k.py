"""`tui-trainer gsm8k`: the loop of the GSM8K screen, from the very same generator."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from tui_trainer.engine.errors import InputError
from tui_trainer.engine.evaluation_settings import EvaluationSettings, held_out_from
from tui_trainer.engine.problems import load_problems
from tui_trainer.engine.reports import StepReport
from tui_trainer.engine.setting_fields import (
    FIELDS,
    Kind,
    SettingField,
    differing,
)
from tui_trainer.engine.settings import TrainSettings
from tui_trainer.headless.arguments import (
    add_command,
    add_model_arguments,
    model_choice,
)
from tui_trainer.headless.bars import StepBar
from tui_trainer.headless.evaluation import write_scores
from tui_trainer.headless.output import Json, Output
from tui_trainer.headless.session import make_engine, shown_progress
from tui_trainer.headless.step import add_training_arguments, describe_model
from tui_trainer.headless.table import Column, heading, row
from tui_trainer.terminal_text import visible

if TYPE_CHECKING:
    from tui_trainer.headless.arguments import Commands

DEFAULTS = TrainSettings()
OTHER_FLAGS = "problems", "lr", "optimizer"
"""Settings whose flags are shared with other commands."""
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
    parser.add_argument(
        "--evaluate",
        type=int,
        metavar="N",
        help="as eval does, score greedy answers to N held-out problems before and after the run",
    )
    add_model_arguments(parser)
    parser.set_defaults(run=run)


def add_problem_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--problems",
        metavar="SOURCE",
        default=DEFAULTS.problems,
        help="builtin (the default), a .jsonl or .parquet file, or a Hub data set as repo:config",
    )
    for field in FIELDS:
        if field.name not in OTHER_FLAGS:
            add_setting(parser, field)


def add_setting(parser: argparse.ArgumentParser, field: SettingField) -> None:
    """The flag of a setting: `--weight-decay` for weight_decay."""
    flag = f"--{field.name.replace('_', '-')}"
    if field.kind is Kind.YES_NO:
        parser.add_argument(flag, action="store_true", help=field.meaning)
        return
    parser.add_argument(
        flag,
        type=partial(read_flag, field),
        default=getattr(DEFAULTS, field.name),
        choices=field.choices or None,
        metavar=None if field.choices else "N",
        help=f"{field.meaning} ({field.typed(DEFAULTS)})",
    )


def read_flag(field: SettingField, text: str) -> str | int | float | bool | None:
    """The value of a flag; argparse tells which one where it is none."""
    try:
        return field.read(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def read_arguments(arguments: argparse.Namespace) -> TrainSettings:
    """The settings given; InputError where they cannot be meant."""
    given = vars(arguments)
    return TrainSettings(**{field.name: given[field.name] for field in FIELDS})


def read_evaluation(number: int | None, training: TrainSettings) -> EvaluationSettings | None:
    """What to evaluate before and after the run; None where that is not asked for."""
    return None if number is None else replace(held_out_from(training), items=number)


def run(arguments: argparse.Namespace, output: Output) -> None:
    settings = read_arguments(arguments)
    held_out = read_evaluation(arguments.evaluate, settings)
    choice = model_choice(arguments)
    with shown_progress() as progress:
        # A path mistyped is told at once, not after a large model was loaded.
        load_problems(settings.problems, limit=1, progress=progress)
        engine = make_engine(progress)
        status = engine.load_model(choice)
        steps = engine.train(settings)
        before = None if held_out is None else engine.evaluate(held_out)
    if not output.as_json:
        output.text(describe_model(status))
        output.text(describe_loop(settings))
    if held_out is None or before is None:
        _write_steps(output, steps, settings)
        return
    first = write_scores(output, before, held_out)
    _write_steps(output, steps, settings)
    compared = None if first is None else first.items
    write_scores(output, engine.evaluate(held_out), held_out, compared)


def _write_steps(output: Output, steps: Iterable[StepReport], settings: TrainSettings) -> None:
    if not output.as_json:
        output.text(heading(COLUMNS))
    bar = StepBar(settings.items)
    reports: list[StepReport] = []
    try:
        for report in steps:
            bar.hide()
            if report.step == 1 and report.items < settings.items:
                _note_fewer(settings, report.items)
            _write_step(output, report)
            bar.show(report)
            reports.append(report)
    finally:
        bar.close()
    if not output.as_json:
        for line in summary(reports):
            output.text(line)


def _note_fewer(settings: TrainSettings, items: int) -> None:
    name = visible(settings.problems)
    print(
        f"tui-trainer: {name} has {items:,} items, fewer than {settings.items:,}.", file=sys.stderr
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
        describe_cut(report),
    )


def describe_cut(report: StepReport) -> str:
    """Whether the step's one item, or how many of its items, were cut."""
    if not report.truncated:
        return ""
    which = "" if report.truncated == 1 else f"{report.truncated} items "
    return f"{which}cut to the model's context or row"


def describe_loop(settings: TrainSettings) -> str:
    """The data, the optimizer, and every other setting that differs from the preset."""
    usual = "problems", "items", "lr", "optimizer", "seed"
    others = [field for field in differing(settings) if field.name not in usual]
    line = f"{visible(settings.problems)}: {settings.optimizer}, lr {settings.lr:g}"
    return ", ".join([line, *(f"{field.label} {field.typed(settings)}" for field in others)])


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
