"""`--export FILE` of a command that trains: what it did, as a script or a notebook."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tui_trainer.engine.export.files import already_there, check_target, read_target
from tui_trainer.engine.export.origin import check_origin
from tui_trainer.errors import InputError
from tui_trainer.headless.interrupts import finished_first
from tui_trainer.headless.output import Output
from tui_trainer.say import say
from tui_trainer.settings.model import ModelChoice
from tui_trainer.terminal_text import visible

if TYPE_CHECKING:
    from tui_trainer.engine.engine import Engine


def add_export_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--export",
        metavar="FILE",
        help="write what was done, in plain PyTorch: a script (.py) or a notebook (.ipynb)",
    )


def read_export(arguments: argparse.Namespace, choice: ModelChoice, *, items: bool) -> Path | None:
    """The file to write; InputError now where it could not be written once the work is done.

    `items` says whether the command trains on some, for which a file beside it may be needed.
    """
    if arguments.export is None:
        return None
    check_origin(choice.source, choice.precision)
    target = read_target(arguments.export)
    check_target(target, items=items)
    return target


@contextmanager
def exported_at_the_end(output: Output, engine: "Engine", target: Path | None) -> Iterator[None]:
    """Write what the block did, where that was asked for; where ctrl+C ends it, what it did."""
    try:
        yield
    except KeyboardInterrupt:
        try:
            write_export(output, engine, target)
        except InputError as error:  # such as that nothing was done yet
            say(str(error))
        raise
    with finished_first():
        write_export(output, engine, target)


def write_export(output: Output, engine: "Engine", target: Path | None) -> None:
    """Write it, where one was asked for, and tell what was written."""
    if target is None:
        return
    report = engine.export(str(target))
    if report.existing:
        raise already_there(report.existing)
    if output.as_json:
        files, notes = list(report.files), list(report.notes)
        output.json({"event": "export", "files": files, "notes": notes})
        return
    output.text()
    for file in report.files:
        output.text(f"exported {visible(file)}")
    for note in report.notes:
        output.text(note)
