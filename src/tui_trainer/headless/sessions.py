"""`tui-trainer sessions`: the engines of this user on this machine, and the end of one."""

import argparse
import time

from tui_trainer.ending import tell_end
from tui_trainer.headless.arguments import add_action
from tui_trainer.headless.output import Json, Output
from tui_trainer.link.finding import NONE, describe, end, find, names
from tui_trainer.link.messages import Description
from tui_trainer.say import say
from tui_trainer.terminal_text import visible
from tui_trainer.words.numbers import byte_count, seconds_of
from tui_trainer.words.table import TextColumn, table

COLUMNS = (
    TextColumn("name", 0, left=True),
    TextColumn("PID", 7),
    TextColumn("for", 6),
    TextColumn("model", 0, left=True),
    TextColumn("device", 0, left=True),
    TextColumn("memory", 8),
    TextColumn("runs", 0, left=True),
    TextColumn("views", 5),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "List the engines that go on: each was begun by the app, and outlives its terminal."
    )
    parser.set_defaults(run=run_list)
    actions = parser.add_subparsers(title="what to do instead", metavar="ACTION")
    stopped = add_action(actions, "stop", "save what no file has, and end one", run_stop)
    stopped.add_argument("name", metavar="NAME", help="as the list has it")


def run_list(_arguments: argparse.Namespace, output: Output) -> None:
    """Each with what it does now; one that does not answer says why."""
    described = []
    for name in names():
        told = describe(name)
        if isinstance(told, Description):
            described.append(told)
        else:
            say(f"session {name}: {told}")
    if output.as_json:
        for one in described:
            output.json(_as_json(one))
    elif described:
        for line in table(COLUMNS, [_cells(one) for one in described]):
            output.text(line)
    else:
        output.text(NONE)


def run_stop(arguments: argparse.Namespace, _output: Output) -> None:
    tell_end(end(find(arguments.name)))


def _as_json(one: Description) -> dict[str, Json]:
    model = None if one.status is None else one.status.model
    return {
        "name": one.name,
        "pid": one.pid,
        "began": one.began,
        "model": model.name if model else None,
        "device": model.device if model else None,
        "updates": None if one.status is None else one.status.updates,
        "unsaved": None if one.status is None else one.status.unsaved,
        "device_bytes": one.device_bytes,
        "loops": dict(one.loops),
        "views": one.views,
        "alone_seconds": one.alone,
    }


def _cells(one: Description) -> list[str]:
    model = None if one.status is None else one.status.model
    loops = ", ".join(f"{name} {state}" for name, state in one.loops)
    return [
        visible(one.name),
        str(one.pid),
        seconds_of(time.time() - one.began),
        visible(model.name) if model else "-",
        model.device if model else "-",
        byte_count(one.device_bytes) if one.device_bytes is not None else "-",
        loops or "nothing",
        str(one.views),
    ]
