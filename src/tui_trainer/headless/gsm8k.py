"""`tui-trainer gsm8k`: the loop of the GSM8K screen, from the very same generator."""

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from tui_trainer.engine.data.problems import load_problems
from tui_trainer.engine.start import make_engine
from tui_trainer.grace import ends_in_time
from tui_trainer.headless.arguments import (
    add_model_arguments,
    add_settings,
    configured,
    given_settings,
    whole,
)
from tui_trainer.headless.evaluation import write_scores
from tui_trainer.headless.export import add_export_argument, exported_at_the_end, read_export
from tui_trainer.headless.interrupts import whole_steps
from tui_trainer.headless.output import Output
from tui_trainer.headless.recorded import (
    Order,
    add_run_arguments,
    first_steps,
    read_order,
    saved_where_it_breaks_off,
    tell_run,
)
from tui_trainer.headless.run_sessions import (
    add_session_arguments,
    begin,
    check_detached,
    fulfil,
    read_wish,
)
from tui_trainer.headless.session import shown_progress, tell_notes
from tui_trainer.headless.step import describe_model
from tui_trainer.headless.told_steps import describe_loop, write_steps
from tui_trainer.say import say
from tui_trainer.settings.evaluation import EvaluationSettings, held_out_from
from tui_trainer.settings.presets import PRESETS
from tui_trainer.settings.train import TrainSettings
from tui_trainer.words.memory import describe_need

if TYPE_CHECKING:
    from tui_trainer.headless.arguments import Flags


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
    add_session_arguments(parser)
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
    if (wish := read_wish(arguments)) is not None:
        fulfil(wish, output)
        return
    order = read_order(arguments, read_arguments(arguments))
    if order.done:
        say(order.done)
        return
    if arguments.detach:
        check_detached(arguments)
        load_problems(order.settings.problems, limit=1)
        begin(order, output, configured(arguments).idle_minutes)
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
    reports = whole_steps(tell_run(output, engine, first_steps(steps, order.steps)))
    pauses = order.steps is not None
    with (
        exported_at_the_end(output, engine, target),
        saved_where_it_breaks_off(output, engine, record=order.record, pauses=pauses),
    ):
        if evaluation is None or before is None:
            write_steps(output, reports, settings)
        else:
            first = write_scores(output, before, evaluation)
            write_steps(output, reports, settings)
            compared = None if first is None else first.items
            write_scores(output, engine.evaluate(evaluation), evaluation, compared)
