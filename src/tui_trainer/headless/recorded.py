"""`tui-trainer gsm8k` as a run on disk: `--no-run`, `--resume`, `--requeue`, and what it tells of
the run."""

import argparse
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_trainer.closed import closed
from tui_trainer.ending import tell_end
from tui_trainer.errors import InputError
from tui_trainer.headless.arguments import given_settings, model_choice, whole
from tui_trainer.headless.interrupts import finished_first
from tui_trainer.headless.output import Json, Output
from tui_trainer.headless.own_run import LAST, last_checkpoint, own_checkpoint
from tui_trainer.lost_device import left_after
from tui_trainer.protocol.keeping import EndWork
from tui_trainer.reports.loop import LoopReport
from tui_trainer.reports.runs import CheckpointReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.checkpoints import find_checkpoint
from tui_trainer.runs.description import RunDescription
from tui_trainer.runs.listing import read_run, settings_here
from tui_trainer.runs.own_runs import MAY_CHANGE, UNWRITTEN, job_of
from tui_trainer.settings.fields import field_of, fields_of
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import NOWHERE, TrainSettings, with_alerts_of
from tui_trainer.terminal_text import visible
from tui_trainer.words.numbers import byte_count, seconds_of

if TYPE_CHECKING:
    from tui_trainer.engine.engine import Engine
    from tui_trainer.protocol.answers import Answers


@dataclass(frozen=True)
class Order:
    """What the command is to do."""

    settings: TrainSettings
    choice: ModelChoice
    record: bool
    checkpoint: Path | None
    """Where the loop goes on from; None for a new one."""
    job: str = ""
    """What finds the run again, for `--requeue`."""
    steps: int | None = None
    """How many it makes now; None for all."""
    done: str = ""
    """Why nothing is to be done, in a sentence."""


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("run")
    group.add_argument(
        "--resume",
        metavar="RUN",
        help="go on from the last checkpoint of a run (its name or folder), or from a "
        "checkpoint's folder; with the run's own settings, as a new run that names its parent; "
        "'last' is the newest run of the model and the problems",
    )
    group.add_argument(
        "--requeue",
        nargs="?",
        const="",
        metavar="NAME",
        help="go on with the run that this very command began before, from its newest whole "
        "checkpoint, or begin it; nothing where it is finished. Its own is the run of this Slurm "
        "job, or of NAME, else of the same model, problems and settings",
    )
    group.add_argument(
        "--steps",
        type=whole,
        metavar="N",
        help="make N steps now, then end with a checkpoint, from which --resume goes on; the plan, "
        "and its learning rates, stay those of the whole run",
    )
    group.add_argument(
        "--no-run", action="store_true", help="write nothing to disk: no metrics, no checkpoints"
    )


def read_order(arguments: argparse.Namespace, settings: TrainSettings) -> Order:
    """The loop that was asked for; InputError where the arguments do not go together."""
    steps = read_steps(arguments)
    record = not arguments.no_run
    given = given_settings(TrainSettings, arguments)
    for name in MAY_CHANGE:
        if name != "grace" and not record and given.get(name) not in (None, 0, NOWHERE):
            flag = field_of(TrainSettings, name).option
            raise InputError(f"--no-run writes no run to put {flag} in: leave out one.")
    choice = model_choice(arguments)
    if arguments.requeue is not None:
        return _requeued(arguments, Order(settings, choice, record, None, steps=steps))
    if arguments.resume is None:
        return Order(settings, choice, record, None, steps=steps)
    is_last = arguments.resume == LAST
    if "precision" in arguments or ("source" in arguments and not is_last):
        raise InputError(
            "A resumed run has its checkpoint's model in the run's precision: leave out --model "
            "and --precision."
        )
    if "preset" in arguments:
        raise InputError("A resumed run keeps its settings: leave out --preset.")
    if is_last:
        checkpoint = last_checkpoint(choice, settings.problems)
        given.pop("problems", None)  # it was found by them, however they were written
    else:
        checkpoint = find_checkpoint(arguments.resume)
    run = read_run(checkpoint.parent.parent)
    own = with_alerts_of(resumed_settings(run.settings, given), settings)
    return _going_on(Order(own, choice, record, checkpoint, steps=steps), run)


def read_steps(arguments: argparse.Namespace) -> int | None:
    """How many steps are to be made now; None for all. InputError where those are none."""
    steps: int | None = arguments.steps
    if steps is not None and steps < 1:
        raise InputError(f"--steps makes 1 step or more, not {steps}.")
    return steps


def _requeued(arguments: argparse.Namespace, begun: Order) -> Order:
    """The run that this command began before, or as it is `begun` where there is none."""
    if arguments.resume is not None or not begun.record:
        other = "--no-run" if arguments.resume is None else "--resume"
        raise InputError(f"--requeue finds the run that it goes on with: leave out {other}.")
    begun = replace(begun, job=arguments.requeue or job_of(os.environ))
    found = own_checkpoint(begun.choice, begun.settings, begun.job)
    if isinstance(found, str):
        return replace(begun, done=found)
    if found is None:
        return begun
    return _going_on(replace(begun, checkpoint=found), read_run(found.parent.parent))


def _going_on(order: Order, run: RunDescription) -> Order:
    """From the checkpoint of a run, in its precision, with its problems where they are now."""
    choice = replace(
        order.choice,
        source=str(order.checkpoint),
        precision=run.model.precision,
        deterministic=order.choice.deterministic or run.model.deterministic,
    )
    settings = replace(order.settings, problems=settings_here(run).problems)
    return replace(order, settings=settings, choice=choice)


def resumed_settings(own: TrainSettings, given: Mapping[str, Any]) -> TrainSettings:
    """The run's own settings; InputError where another was given that would change the run."""
    for field in fields_of(TrainSettings):
        if field.name in (*MAY_CHANGE, *UNWRITTEN) or field.name not in given:
            continue
        if given[field.name] != getattr(own, field.name):
            raise InputError(
                f"A resumed run keeps its settings, and its {field.label} is {field.typed(own)}: "
                f"leave out {field.option}."
            )
    return replace(
        own, **{name: given[name] for name in (*MAY_CHANGE, *UNWRITTEN) if name in given}
    )


def tell_run(
    output: Output, engine: "Engine", reports: Iterator[LoopReport]
) -> Iterator[LoopReport]:
    """What the loop tells; before the first of it, where the run is written, if it is."""
    with closed(reports):
        for number, report in enumerate(reports):
            if number == 0 and (run := engine.run()) is not None:
                tell_folder(output, run.name, run.folder)
            yield report


def tell_folder(output: Output, run: str, folder: str | None) -> None:
    """Where a run is written."""
    if output.as_json:
        output.json({"event": "run", "run": run, "folder": folder})
    else:
        output.text(f"run {visible(run)}")


def first_steps(reports: Iterator[LoopReport], steps: int | None) -> Iterator[LoopReport]:
    """What the loop tells up to its so-manieth step from now on; all without a number."""
    made = 0
    with closed(reports):
        for report in reports:
            yield report
            made += isinstance(report, StepReport)
            if made == steps:
                return


@contextmanager
def saved_where_it_breaks_off(
    output: Output, engine: "Engine", *, record: bool, pauses: bool
) -> Iterator[None]:
    """Where the block breaks off, updates that no file has go to a checkpoint of their run; where
    the loop `pauses`, at its end too.

    Whatever breaks it off: an output that is closed too, as by SIGHUP, which takes the terminal.
    """
    try:
        yield
    except BaseException as error:
        if record:
            with finished_first():
                _save(output, left_after(error, engine))
        raise
    if record and pauses:
        with finished_first():
            _save(output, engine)


def _save(output: Output, engine: "Answers") -> None:
    end = EndWork(saves=True).answered_by(engine)
    try:
        if end.kept.checkpoint is not None:
            _tell_checkpoint(output, end.kept.checkpoint)
    finally:
        tell_end(end)


def _tell_checkpoint(output: Output, checkpoint: CheckpointReport) -> None:
    if output.as_json:
        output.json(checkpoint_line(checkpoint))
    else:
        output.text(describe_checkpoint(checkpoint))


def checkpoint_line(checkpoint: CheckpointReport) -> dict[str, Json]:
    """The JSON of a checkpoint."""
    return {
        "event": "checkpoint",
        "step": checkpoint.step,
        "checkpoint": checkpoint.name,
        "bytes": checkpoint.bytes,
        "failure": checkpoint.failure,
    }


def describe_checkpoint(checkpoint: CheckpointReport) -> str:
    if checkpoint.failure is not None:
        return f"no {checkpoint.name}: {visible(checkpoint.failure)}"
    return (
        f"checkpoint {checkpoint.name}, {byte_count(checkpoint.bytes)} in "
        f"{seconds_of(checkpoint.seconds)}"
    )
