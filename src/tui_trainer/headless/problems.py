"""`tui-trainer problems`: where question/answer items come from."""

import argparse
from typing import TYPE_CHECKING

from tui_trainer.engine.problems import ProblemSource, describe_problems
from tui_trainer.headless.arguments import add_command
from tui_trainer.headless.output import Output
from tui_trainer.headless.table import Column, table
from tui_trainer.terminal_text import visible

if TYPE_CHECKING:
    from tui_trainer.headless.arguments import Commands

COLUMNS = (
    Column("--problems", 0, left=True),
    Column("train", 6),
    Column("test", 6),
    Column("what", 0, left=True),
)


def add(commands: "Commands") -> None:
    parser = add_command(
        commands,
        "problems",
        "what --problems takes",
        "List the kinds of source that --problems takes, with how many items they have "
        "for training and for testing where that is known; for a file, an example of its name.",
    )
    parser.set_defaults(run=run)


def run(_: argparse.Namespace, output: Output) -> None:
    sources = describe_problems()
    if output.as_json:
        for source in sources:
            output.json(
                {
                    "problems": source.name,
                    "description": source.description,
                    "train_items": source.train_items,
                    "test_items": source.test_items,
                }
            )
        return
    for line in table(COLUMNS, (source_cells(source) for source in sources)):
        output.text(line)


def source_cells(source: ProblemSource) -> tuple[str, str, str, str]:
    return (
        visible(source.name),
        _count(source.train_items),
        _count(source.test_items),
        visible(source.description),
    )


def _count(items: int | None) -> str:
    return "-" if items is None else f"{items:,}"
