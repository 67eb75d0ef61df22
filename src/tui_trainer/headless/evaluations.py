"""`tui-trainer evaluations`: the evaluations on disk, listed, shown and deleted."""

import argparse

from tui_trainer.errors import InputError
from tui_trainer.headless.arguments import add_action
from tui_trainer.headless.evaluation_table import (
    COLUMNS,
    describe_settings,
    describe_weights,
    item_row,
    score_lines,
)
from tui_trainer.headless.output import Json, Output
from tui_trainer.runs.evaluation_lines import evaluation_line, item_line
from tui_trainer.runs.evaluations import (
    KeptEvaluation,
    delete_evaluation,
    evaluations_home,
    find_evaluation,
    list_evaluations,
    open_evaluation,
)
from tui_trainer.say import say
from tui_trainer.terminal_text import visible, visible_source
from tui_trainer.words.numbers import byte_count, counted
from tui_trainer.words.runs import NAME_CHARACTERS, describe_run_step
from tui_trainer.words.scores import NONE, interval, share
from tui_trainer.words.table import TextColumn, heading, row, table
from tui_trainer.words.times import moment

LISTED = (
    TextColumn("evaluation", 0, left=True),
    TextColumn("ended", 0, left=True),
    TextColumn("model", 0, left=True),
    TextColumn("updates", 0),
    TextColumn("of the run", 0, left=True),
    TextColumn("problems", 0, left=True),
    TextColumn("items", 0),
    TextColumn("strict", 6),
    TextColumn("95% interval", 0),
    TextColumn("flexible", 6),
    TextColumn("cut", 0),
)
EVALUATION_HELP = "an evaluation's name, as the list has it, or its file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "List the evaluations on disk, the newest first: the app keeps each that it makes, and "
        "`eval --before` reads them."
    )
    parser.set_defaults(run=run_list)
    actions = parser.add_subparsers(title="what to do instead", metavar="ACTION")
    shown = add_action(actions, "show", "one evaluation: its items and scores", run_show)
    deleted = add_action(actions, "delete", "one evaluation", run_delete)
    deleted.add_argument("--yes", action="store_true", help="really: nothing brings it back")
    for action in (shown, deleted):
        action.add_argument("name", metavar="EVALUATION", help=EVALUATION_HELP)


# List


def run_list(_: argparse.Namespace, output: Output) -> None:
    kept, damaged = list_evaluations()
    if output.as_json:
        for one in kept:
            output.json(kept_line(one))
        for file in damaged:
            output.json({"event": "damaged", "file": str(file.path), "why": file.why})
        return
    if kept:
        for line in table(LISTED, map(row_cells, kept)):
            output.text(line)
    else:
        home = visible(str(evaluations_home()))
        output.text(f"There is no evaluation in {home} yet: 5, then e, in the app makes one.")
    for file in damaged:
        say(file.why)


def kept_line(kept: KeptEvaluation) -> dict[str, Json]:
    """The JSON of an evaluation in the list: which it is, then what `eval --json` has of it."""
    told: dict[str, Json] = {"evaluation": kept.name, "file": str(kept.path)}
    return told | {"ended": kept.report.ended} | evaluation_line(kept.report)


def row_cells(kept: KeptEvaluation) -> tuple[str, ...]:
    report = kept.report
    found = report.tally
    return (
        visible(kept.name, limit=NAME_CHARACTERS),
        moment(report.ended),
        visible_source(report.model, NAME_CHARACTERS),
        f"{report.updates:,}",
        NONE if report.left_by is None else describe_run_step(report.left_by),
        visible_source(report.settings.problems, NAME_CHARACTERS),
        f"{len(report.items):,}",
        *(share(found.strict), interval(found.strict), share(found.flexible), f"{found.cut:,}"),
    )


# Show and delete


def run_show(arguments: argparse.Namespace, output: Output) -> None:
    kept = open_evaluation(find_evaluation(arguments.name))
    report = kept.report
    if output.as_json:
        for item in report.items:
            output.json(item_line(item))
        output.json(kept_line(kept))
        return
    output.text(f"{visible(str(kept.path))}, ended {moment(report.ended)}")
    output.text(
        f"{visible(report.model)} {describe_weights(report)}; {describe_settings(report.settings)}"
    )
    output.text(heading(COLUMNS))
    for item in report.items:
        output.text(row(COLUMNS, item_row(item, None)))
    output.text()
    for line in score_lines(report):
        output.text(line)


def run_delete(arguments: argparse.Namespace, output: Output) -> None:
    path = find_evaluation(arguments.name)
    if not arguments.yes:
        answers = counted(len(open_evaluation(path).report.items), "answer")
        raise InputError(f"Deleting {path.stem} ({answers}) cannot be undone: add --yes.")
    size = delete_evaluation(path)
    if output.as_json:
        output.json({"evaluation": path.stem, "deleted": True, "bytes": size})
    else:
        output.text(f"deleted {visible(path.stem)}, {byte_count(size)}")
