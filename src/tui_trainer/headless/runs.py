"""`tui-trainer runs`: the runs on disk, listed, shown, exported and deleted."""

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from tui_trainer.errors import InputError
from tui_trainer.headless.arguments import add_action
from tui_trainer.headless.output import Json, Output
from tui_trainer.runs.checkpoints import folder_bytes
from tui_trainer.runs.curve import XAxis, read_curve
from tui_trainer.runs.deletion import Deletion
from tui_trainer.runs.figures import CSV, PNG, NamedCurve, check_export, write_csv, write_png
from tui_trainer.runs.home import find_folder, find_run, runs_home
from tui_trainer.runs.listing import (
    RunOnDisk,
    check_deletable,
    delete_whole,
    list_runs,
    open_run,
)
from tui_trainer.say import say
from tui_trainer.settings.fields import fields_of
from tui_trainer.settings.presets import PRESETS, differing, nearest_preset
from tui_trainer.settings.train import TrainSettings
from tui_trainer.terminal_text import visible
from tui_trainer.words.numbers import byte_count, counted, seconds_of
from tui_trainer.words.precision import describe_precision
from tui_trainer.words.runs import (
    NAME_CHARACTERS,
    describe_checkpoints,
    describe_losses,
    describe_on_step,
    describe_parent,
    describe_versions,
    run_cells,
)
from tui_trainer.words.table import TextColumn, table
from tui_trainer.words.threads import with_threads

COLUMNS = (
    TextColumn("run", 0, left=True),
    TextColumn("started", 0, left=True),
    TextColumn("model", 0, left=True),
    TextColumn("problems", 0, left=True),
    TextColumn("steps", 5),
    TextColumn("last", 7),
    TextColumn("best", 7),
    TextColumn("state", 0, left=True),
)

LEFT_SHOWN = 5
RUN_HELP = "a run's name, as the list has it, or its folder"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "List the runs on disk, the newest first: each loop of gsm8k is one. Losses are in nats."
    )
    parser.set_defaults(run=run_list)
    actions = parser.add_subparsers(title="what to do instead", metavar="ACTION")
    shown = add_action(actions, "show", "one run: settings, model, data, checkpoints", run_show)
    shown.add_argument("name", metavar="RUN", help=RUN_HELP)
    exported = add_action(actions, "export", "its steps as CSV, its loss as PNG", run_export)
    exported.add_argument("names", metavar="RUN", nargs="+", help=f"{RUN_HELP}; several for --png")
    exported.add_argument("--csv", metavar="FILE", type=Path, help="a row a step")
    exported.add_argument("--png", metavar="FILE", type=Path, help="the loss curves in one chart")
    exported.add_argument(
        "--by",
        choices=[axis.value for axis in XAxis],
        default=XAxis.STEP.value,
        help="the horizontal axis of the chart (step)",
    )
    exported.add_argument("--log", action="store_true", help="a logarithmic loss axis")
    deleted = add_action(actions, "delete", "one run with its checkpoints", run_delete)
    deleted.add_argument("name", metavar="RUN", help=RUN_HELP)
    deleted.add_argument("--yes", action="store_true", help="really: nothing brings it back")


# List


def run_list(_: argparse.Namespace, output: Output) -> None:
    runs, damaged = list_runs()
    if output.as_json:
        for run in runs:
            output.json(run_line(run))
        for folder in damaged:
            output.json({"event": "damaged", "folder": str(folder.folder), "why": folder.why})
        return
    if runs:
        for line in table(COLUMNS, map(row_cells, runs)):
            output.text(line)
    else:
        home = visible(str(runs_home()))
        output.text(f"There is no run in {home} yet: each loop of `tui-trainer gsm8k` is one.")
    for folder in damaged:
        say(folder.why)


def run_line(run: RunOnDisk) -> dict[str, Json]:
    """The JSON of a run in the list; losses in nats, null where one was not finite."""
    described, tally = run.description, run.description.tally
    return {
        "run": run.name,
        "folder": str(run.folder),
        "started": described.started,
        "state": described.state,
        "failure": described.failure,
        "model": described.model.name,
        "problems": described.data.problems,
        "items": described.data.items,
        "step": tally.step,
        "steps": described.steps,
        "tokens": tally.tokens,
        "seconds": tally.seconds,
        "first_loss": tally.first,
        "last_loss": tally.last,
        "best_loss": tally.best,
        "checkpoints": run.checkpoints,
        "best_checkpoint": run.best_checkpoint,
        "stop_reason": described.stop_reason,
        "updates_on_step": described.updates_on_step,
        "parent": None if described.parent is None else asdict(described.parent),
    }


def row_cells(run: RunOnDisk) -> tuple[str, ...]:
    described = run.description
    steps = f"{described.tally.step:,}/{described.steps:,}"
    return visible(run.name, limit=NAME_CHARACTERS), *run_cells(described, steps)


# Show


def run_show(arguments: argparse.Namespace, output: Output) -> None:
    run = open_run(find_run(arguments.name))
    if output.as_json:
        described = run.description
        name = nearest_preset(described.settings)
        output.json(
            run_line(run)
            | {
                "settings": asdict(described.settings),
                "preset": name,
                "changed": [field.name for field in differing(described.settings, PRESETS[name])],
                "model": asdict(described.model),
                "data": asdict(described.data),
                "versions": described.versions,
                "bytes": folder_bytes(run.folder),
            }
        )
        return
    for line in describe(run):
        output.text(line)


def describe(run: RunOnDisk) -> Iterator[str]:
    """The lines for people."""
    described, tally = run.description, run.description.tally
    model, data = described.model, described.data
    yield f"{visible(str(run.folder))}, {byte_count(folder_bytes(run.folder))}"
    yield f"started {visible(described.started)}, {described.state}"
    if described.failure is not None:
        yield visible(described.failure)
    if described.stop_reason:
        yield visible(described.stop_reason)
    if described.parent is not None:
        yield describe_parent(described.parent)
    yield (
        f"{tally.step:,} of {described.steps:,} steps, {tally.tokens:,} tokens in "
        f"{seconds_of(tally.seconds)}; {describe_losses(described)}"
    )
    if described.updates_on_step:
        yield describe_on_step(described.updates_on_step)
    yield (
        describe_checkpoints(run.checkpoints, run.best_checkpoint)
        if run.checkpoints
        else "no checkpoint"
    )
    yield (
        f"{visible(model.name)} from {visible(model.source)}: {visible(model.architecture)}, "
        f"{model.parameters:,} parameters, {visible(model.device)}, "
        f"{visible(describe_precision(model.device, model.precision, model.deterministic))}"
        f"{with_threads(model.device, model.threads)}"
    )
    yield f"{visible(data.problems)}: {counted(data.items, 'item')}"
    yield describe_versions(described)
    name = nearest_preset(described.settings)
    changed = differing(described.settings, PRESETS[name])
    yield f"settings, * where the preset {name} has another"
    for field in fields_of(TrainSettings):
        mark = "*" if field in changed else " "
        yield f"{mark} {field.label:<17} {visible(field.typed(described.settings))}"


# Export and delete


def run_export(arguments: argparse.Namespace, output: Output) -> None:
    if arguments.csv is None and arguments.png is None:
        raise InputError("Say what to write: --csv FILE, --png FILE, or both.")
    if arguments.csv is not None and len(arguments.names) > 1:
        raise InputError("A CSV has the steps of one run: name one, or leave out --csv.")
    for path, suffix in ((arguments.csv, CSV), (arguments.png, PNG)):
        if path is not None:
            check_export(path, suffix)
    folders = [find_run(name) for name in arguments.names]
    if arguments.csv is not None:
        rows = write_csv(folders[0], arguments.csv)
        _tell(output, arguments.csv, "csv", counted(rows, "row"), {"rows": rows})
    if arguments.png is not None:
        curves = [NamedCurve(folder.name, read_curve(folder)) for folder in folders]
        write_png(curves, arguments.png, XAxis(arguments.by), log=arguments.log)
        names = [folder.name for folder in folders]
        _tell(
            output,
            arguments.png,
            "png",
            counted(len(curves), "curve"),
            {"runs": names, "by": arguments.by},
        )


def _tell(output: Output, path: Path, kind: str, what: str, more: dict[str, Json]) -> None:
    if output.as_json:
        output.json({kind: str(path)} | more)
    else:
        output.text(f"{visible(str(path))}: {what}")


def run_delete(arguments: argparse.Namespace, output: Output) -> None:
    folder = find_folder(arguments.name)
    check_deletable(folder)
    if not arguments.yes:
        size = byte_count(folder_bytes(folder))
        raise InputError(f"Deleting {folder.name} ({size}) cannot be undone: add --yes.")
    deletion = delete_whole(folder)
    if output.as_json:
        told: dict[str, Json] = {"run": folder.name, "deleted": True, "bytes": deletion.bytes}
        output.json(told | {"left": deletion.left})
        return
    output.text(f"deleted {visible(folder.name)}, {byte_count(deletion.bytes)}")
    if deletion.left:
        output.text(f"left in {visible(str(folder))}, not of the run: {list_left(deletion)}")


def list_left(deletion: Deletion) -> str:
    """What is still there, the first few of it."""
    shown = [visible(path, limit=NAME_CHARACTERS) for path in deletion.left[:LEFT_SHOWN]]
    more = len(deletion.left) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")
