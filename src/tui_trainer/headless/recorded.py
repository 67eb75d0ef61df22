"""`tui-trainer gsm8k` as a run on disk: `--no-run`, `--resume`, and what it tells of the run."""

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_trainer.closed import closed
from tui_trainer.ending import tell_end
from tui_trainer.errors import InputError
from tui_trainer.headless.arguments import given_settings, model_choice
from tui_trainer.headless.interrupts import finished_first
from tui_trainer.headless.output import Json, Output
from tui_trainer.lost_device import left_after
from tui_trainer.protocol.keeping import EndWork
from tui_trainer.reports.loop import LoopReport
from tui_trainer.reports.runs import CheckpointReport
from tui_trainer.runs.checkpoints import find_checkpoint
from tui_trainer.runs.listing import read_run, settings_here
from tui_trainer.settings.fields import field_of, fields_of
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import NOWHERE, TrainSettings
from tui_trainer.terminal_text import visible
from tui_trainer.words.numbers import byte_count, seconds_of

if TYPE_CHECKING:
    from tui_trainer.engine.engine import Engine
    from tui_trainer.protocol.answers import Answers

MAY_CHANGE = "checkpoint_every", "checkpoint_at_end", "log_to", "skip_not_finite"
"""Settings that change nothing in what is learned while all is well, so that a resumed run may have
others."""


@dataclass(frozen=True)
class Order:
    """What the command is to do."""

    settings: TrainSettings
    choice: ModelChoice
    record: bool
    checkpoint: Path | None
    """Where the loop goes on from; None for a new one."""


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("run")
    group.add_argument(
        "--resume",
        metavar="RUN",
        help="go on from the last checkpoint of a run (its name or folder), or from a "
        "checkpoint's folder; with the run's own settings, as a new run that names its parent",
    )
    group.add_argument(
        "--no-run", action="store_true", help="write nothing to disk: no metrics, no checkpoints"
    )


def read_order(arguments: argparse.Namespace, settings: TrainSettings) -> Order:
    """The loop that was asked for; InputError where the arguments do not go together."""
    record = not arguments.no_run
    given = given_settings(TrainSettings, arguments)
    for name in MAY_CHANGE:
        if not record and given.get(name) not in (None, 0, NOWHERE):
            flag = field_of(TrainSettings, name).option
            raise InputError(f"--no-run writes no run to put {flag} in: leave out one.")
    choice = model_choice(arguments)
    if arguments.resume is None:
        return Order(settings, choice, record, None)
    checkpoint = find_checkpoint(arguments.resume)
    run = read_run(checkpoint.parent.parent)
    if "source" in arguments or "precision" in arguments:
        raise InputError(
            "A resumed run has its checkpoint's model in the run's precision: leave out --model "
            "and --precision."
        )
    choice = replace(
        choice,
        source=str(checkpoint),
        precision=run.model.precision,
        deterministic=choice.deterministic or run.model.deterministic,
    )
    if "preset" in arguments:
        raise InputError("A resumed run keeps its settings: leave out --preset.")
    own = resumed_settings(run.settings, given)
    own = replace(own, problems=settings_here(run).problems)
    return Order(own, choice, record, checkpoint)


def resumed_settings(own: TrainSettings, given: Mapping[str, Any]) -> TrainSettings:
    """The run's own settings; InputError where another was given that would change the run."""
    for field in fields_of(TrainSettings):
        if field.name in MAY_CHANGE or field.name not in given:
            continue
        if given[field.name] != getattr(own, field.name):
            raise InputError(
                f"A resumed run keeps its settings, and its {field.label} is {field.typed(own)}: "
                f"leave out {field.option}."
            )
    return replace(own, **{name: given[name] for name in MAY_CHANGE if name in given})


def tell_run(
    output: Output, engine: "Engine", reports: Iterator[LoopReport]
) -> Iterator[LoopReport]:
    """What the loop tells; before the first of it, where the run is written, if it is."""
    with closed(reports):
        for number, report in enumerate(reports):
            if number == 0 and (run := engine.run()) is not None:
                if output.as_json:
                    output.json({"event": "run", "run": run.name, "folder": run.folder})
                else:
                    output.text(f"run {visible(run.name)}")
            yield report


@contextmanager
def saved_where_it_breaks_off(output: Output, engine: "Engine", *, record: bool) -> Iterator[None]:
    """Where the block breaks off, updates that no file has go to a checkpoint of their run.

    Whatever breaks it off: an output that is closed too, as by SIGHUP, which takes the terminal.
    """
    try:
        yield
    except BaseException as error:
        if record:
            with finished_first():
                _save(output, left_after(error, engine))
        raise


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
